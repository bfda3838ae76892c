"""The door of people: who somebody is, what they may do, and the accounts themselves.

Accounts are made by an administrator and ended by one; nobody signs up. A name, its role and its enterprise never change and are never
removed, because the audit names people by them: whoever changes office or role is given another account. Who represents an enterprise is
bound to it by one person and confirmed by another; before that nobody logs in.
"""

import dataclasses

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from zhida_server.audit import service as audit
from zhida_server.database import is_doubled
from zhida_server.people import models
from zhida_server.people.data import CODE, STAFF, VISITOR, Actor, Binding, Conflict, NotAllowed, NotFound, Person, Refused, Role, SetUp
from zhida_server.people.models import User
from zhida_server.people.permissions import PERMISSIONS

DOCUMENT_LIMIT, REASON_LIMIT = 200, 500
"""Characters that are kept of what a binding rests on, and of why one was refused."""


def actor_of(user: AbstractBaseUser | AnonymousUser) -> Actor:
    """Return who a user of Django's is; an account that was ended is nobody."""
    if not isinstance(user, User) or not user.is_active:
        return VISITOR
    return Actor(user.username, Role(user.role), user.office, user.enterprise_code)


def may(actor: Actor, act: str) -> bool:
    """Say whether an actor's role may do an act; an act that is not in the table is a mistake of ours."""
    return actor.role in PERMISSIONS[act]


def offices_that_may(act: str) -> frozenset[str]:
    """Return the offices of which somebody with an account that is open may do an act."""
    rows = User.objects.filter(is_active=True, role__in=[role.value for role in PERMISSIONS[act]]).exclude(office="")
    return frozenset(rows.values_list("office", flat=True))


def require(actor: Actor, act: str) -> None:
    """Refuse whoever may not do an act.

    Raises:
        NotAllowed: where their role is not in the act's line of the table of permissions.
    """
    if may(actor, act):
        return
    roles = sorted(role for role in PERMISSIONS[act] if role != Role.JOB)
    raise NotAllowed(
        "not-allowed",
        f"“{actor.role.zh}”不能办这件事（{act}）：需要{'、'.join(role.zh for role in roles)}的账号",
        f"the role {actor.role.en} may not do this ({act}): it takes {', '.join(role.en for role in roles)}",
    )


def access_enterprise(actor: Actor, code: str, *, purpose: str) -> None:
    """Let an actor reach the facts of one enterprise, and record that they did; every reader of such facts calls this first.

    A representative reaches their own enterprise alone. Background work is recorded by the act that started it. Whoever reads several
    things of one enterprise for one page does it in one transaction, or each waits for the disk.

    Args:
        actor: Who asks.
        code: The enterprise's unified social credit code.
        purpose: What the facts are read for; it stands in the record.

    Raises:
        NotAllowed: where the role may not, or the enterprise is another's.
    """
    assert purpose, "a read of an enterprise's facts says what it is for"
    require(actor, "enterprise.read")
    if actor.role == Role.REPRESENTATIVE and actor.enterprise_code != code:
        raise NotAllowed("enterprise-not-yours", "只能查看自己代表的企业", "you can see only the enterprise that you represent")
    if actor.role != Role.JOB:
        audit.record_read(actor.name, "enterprise.read", code, purpose=purpose)


def access_audit(actor: Actor, object: str = "") -> None:  # noqa: A002 - the record's own word
    """Let an actor read the audit, and record that they did.

    Args:
        actor: Who asks.
        object: Whose records they read; empty for all.

    Raises:
        NotAllowed: where the role may not.
    """
    require(actor, "audit.read")
    audit.record(actor.name, "audit.read", object)


def create_staff(actor: Actor, name: str, password: str, role: Role, office: str) -> Person:
    """Make an account of an office's own people.

    Args:
        actor: Who makes it: an administrator, or the job that sets up a site.
        name: What they log in with; it never changes.
        password: Their first one, at least 12 characters; they change it when they first log in.
        role: One of the roles of staff.
        office: The office they belong to.

    Raises:
        NotAllowed: where the actor is no administrator.
        Conflict: where the name is taken.
        Refused: `name-unfit`, `password-weak`, `role-not-staff`.
    """
    require(actor, "people.manage")
    if role not in STAFF:
        raise Refused("role-not-staff", f"“{role.zh}”不是工作人员的角色", f"{role.en} is not a role of staff")
    return _create(actor, User(username=name, role=role.value, office=office), password)


@transaction.atomic
def bind_representative(actor: Actor, name: str, password: str, code: str, document: str = "") -> Person:
    """Make the account of one enterprise's representative; it can be used once a second person has confirmed it.

    Work on the site's own machine is confirmed at once, and the record says so: whoever has the machine has both persons' hands.

    Args:
        actor: Who makes it, having seen the representative's authority.
        name: What they log in with; it never changes.
        password: Their first one, as for staff.
        code: The enterprise's unified social credit code; it never changes.
        document: What the authority rests on, such as the number of the letter of authorization.

    Raises:
        NotAllowed: where the actor may not bind.
        Conflict: where the name is taken.
        Refused: `name-unfit`, `password-weak`, `code-unfit`, `document-missing`.
    """
    require(actor, "people.bind")
    is_job = actor.role == Role.JOB
    rests_on = " ".join(document.split())[:DOCUMENT_LIMIT]
    if len(code) > 18 or not CODE.fullmatch(code):
        raise Refused("code-unfit", f"“{code}”不是统一社会信用代码", f"'{code}' is no unified social credit code")
    if not rests_on and not is_job:
        raise Refused(
            "document-missing",
            "请写明授权文件，如授权委托书的编号：另一位工作人员要凭它确认",
            "name the document of authority, such as the number of the letter: another person confirms by it",
        )
    user = User(username=name, role=Role.REPRESENTATIVE.value, enterprise_code=code, is_active=False)
    made = _create(actor, user, password)
    binding = models.Binding.objects.create(user=user, document=rests_on, asked_by=actor.name, asked_office=actor.office)
    audit.record(actor.name, "people.bind", made.name, after={"enterprise_code": code, "document": rests_on})
    return _decided(actor, binding, is_confirmed=True, reason="") if is_job else dataclasses.replace(made, is_awaited=True)


def bindings(actor: Actor) -> tuple[Binding, ...]:
    """Return the representatives who wait for a second person, the longest waiting first.

    Raises:
        NotAllowed: where the actor may not confirm.
    """
    require(actor, "people.confirm")
    waiting = models.Binding.objects.filter(is_confirmed=None).select_related("user").order_by("asked_at", "user_id")
    return tuple(
        Binding(each.user.username, each.user.enterprise_code, each.document, each.asked_by, each.asked_office, each.asked_at)
        for each in waiting
    )


@transaction.atomic
def confirm_binding(actor: Actor, name: str) -> Person:
    """Confirm, as a second person, that somebody represents an enterprise: from now on they can log in.

    Args:
        actor: Who confirms, having seen the document: an administrator, or another one of the same office.
        name: The representative.

    Raises:
        NotAllowed: where the actor may not confirm, asked for it themselves, or is of another office.
        NotFound: where nobody of that name was bound.
        Conflict: `binding-decided`, where it was confirmed or refused before.
    """
    require(actor, "people.confirm")
    binding = _undecided(name)
    if actor.name == binding.asked_by and actor.role != Role.JOB:
        raise NotAllowed(
            "binding-own",
            f"“{name}”是您自己绑定的，要由另一位工作人员确认",
            f"you bound '{name}' yourself: another person has to confirm it",
        )
    _refuse_another_office(actor, binding)
    return _decided(actor, binding, is_confirmed=True, reason="")


@transaction.atomic
def refuse_binding(actor: Actor, name: str, reason: str) -> Person:
    """Refuse, or take back, that somebody represents an enterprise: the account is never used, and its name stays taken.

    Args:
        actor: Who does: an administrator, or somebody of the same office, who asked for it among them.
        name: The representative.
        reason: Why.

    Raises:
        NotAllowed: where the actor may not confirm, or is of another office.
        NotFound: where nobody of that name was bound.
        Conflict: `binding-decided`.
        Refused: `reason-missing`.
    """
    require(actor, "people.confirm")
    because = " ".join(reason.split())[:REASON_LIMIT]
    if not because:
        raise Refused("reason-missing", "请写明不予确认的理由", "say why it is not confirmed")
    binding = _undecided(name)
    _refuse_another_office(actor, binding)
    return _decided(actor, binding, is_confirmed=False, reason=because)


@transaction.atomic
def deactivate(actor: Actor, name: str) -> None:
    """End an account: nobody logs in with it any more, and who is logged in with it is out. Ending it twice changes nothing.

    Raises:
        NotAllowed: where the actor is no administrator.
        NotFound: where there is no such account.
        Conflict: `last-administrator`, where nobody would be left who can make accounts.
    """
    require(actor, "people.manage")
    administrators = list(
        User.objects.select_for_update()
        .filter(role=Role.ADMINISTRATOR.value, is_active=True)
        .order_by("pk")
        .values_list("username", flat=True)
    )
    user = _user(name)
    if not user.is_active:
        return
    if administrators == [user.username]:
        raise Conflict(
            "last-administrator",
            f"“{name}”是最后一位管理员：请先另建一位管理员，再停用此账号",
            f"'{name}' is the last administrator: make another one before this account is ended",
        )
    user.is_active = False
    user.save(update_fields=["is_active"])
    audit.record(actor.name, "people.deactivate", user.username, before={"is_active": True}, after={"is_active": False})


@transaction.atomic
def reactivate(actor: Actor, name: str) -> None:
    """Let an account be used again.

    Raises:
        NotAllowed: where the actor is no administrator.
        NotFound: where there is no such account.
        Conflict: `binding-not-confirmed`, of a representative whom no second person has confirmed.
    """
    require(actor, "people.manage")
    user = _user(name)
    if not user.is_active:
        if user.role == Role.REPRESENTATIVE.value and not models.Binding.objects.filter(user=user, is_confirmed=True).exists():
            raise Conflict(
                "binding-not-confirmed",
                f"“{name}”所代表的企业还没有由第二位工作人员确认，或没有获准：不能恢复",
                f"no second person has confirmed whom '{name}' represents: the account cannot be used",
            )
        user.is_active = True
        user.save(update_fields=["is_active"])
        audit.record(actor.name, "people.reactivate", user.username, before={"is_active": False}, after={"is_active": True})


@transaction.atomic
def reset_password(actor: Actor, name: str, password: str) -> None:
    """Give somebody who forgot theirs a first password again; they change it when they log in.

    Raises:
        NotAllowed: where the actor is no administrator.
        NotFound: where there is no such account.
        Refused: `password-weak`.
    """
    require(actor, "people.manage")
    user = _user(name)
    _give_password(user, password)
    user.save(update_fields=["password", "has_initial_password"])
    audit.record(actor.name, "people.reset_password", user.username)


@transaction.atomic
def reset_second_factor(actor: Actor, name: str) -> None:
    """Take away the second factor of somebody who lost theirs; they set up another when they log in.

    Raises:
        NotAllowed: where the actor is no administrator.
        NotFound: where there is no such account.
    """
    require(actor, "people.manage")
    user = _user(name)
    removed, _ = Authenticator.objects.filter(user=user).delete()
    audit.record(actor.name, "people.reset_second_factor", user.username, after={"removed": removed})


def people(actor: Actor, text: str = "", *, after: str = "", limit: int | None = None) -> tuple[Person, ...]:
    """Return everybody who has an account, or had one, by name.

    Args:
        actor: Who asks.
        text: Only those in whose name, office or enterprise this occurs.
        after: Only names behind this one: the next page of a listing.
        limit: How many at most; None for all.

    Raises:
        NotAllowed: where the actor may not read accounts.
    """
    require(actor, "people.read")
    asked = User.objects.filter(username__gt=after).order_by("username")
    if text:
        asked = asked.filter(Q(username__contains=text) | Q(office__contains=text) | Q(enterprise_code__contains=text))
    factor = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    awaited = models.Binding.objects.filter(user=OuterRef("pk"), is_confirmed=None)
    rows = asked.annotate(has_factor=Exists(factor), is_awaited=Exists(awaited))[:limit]
    return tuple(_person(row, has_second_factor=row.has_factor, is_awaited=row.is_awaited) for row in rows)


def set_up_left(user: AbstractBaseUser | AnonymousUser) -> SetUp:
    """Return what somebody who logged in must do before anything else; it follows `site.toml`."""
    if not isinstance(user, User) or not user.is_active:
        return SetUp.NOTHING
    if user.has_initial_password and not settings.IS_DEMO:
        return SetUp.NEW_PASSWORD
    if settings.REQUIRES_SECOND_FACTOR and user.role in STAFF and not _has_second_factor(user):
        return SetUp.SECOND_FACTOR
    return SetUp.NOTHING


@transaction.atomic
def _create(actor: Actor, user: User, password: str) -> Person:
    """Check an account, keep it, and record it."""
    user.username = User.normalize_username(user.username)
    _give_password(user, password)
    try:
        user.clean_fields(exclude=["role", "office", "enterprise_code", "password"])
    except ValidationError as unfit:
        raise Refused("name-unfit", f"账号名“{user.username}”不合用：只用文字、数字和 @ . + - _", "; ".join(unfit.messages)) from None
    taken = Conflict("name-taken", f"账号名“{user.username}”已有人用：换一个", f"the name '{user.username}' is taken: choose another")
    if user.username.lower() == VISITOR.name or User.objects.filter(username__iexact=user.username).exists():
        raise taken
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        if not is_doubled(error):
            raise
        raise taken from None  # somebody made it at the same moment
    audit.record(
        actor.name,
        "people.create",
        user.username,
        after={"role": user.role, "office": user.office, "enterprise_code": user.enterprise_code},
    )
    return _person(user, has_second_factor=False)


def _give_password(user: User, password: str) -> None:
    """Set a first password that is good enough."""
    try:
        validate_password(password, user)
    except ValidationError as weak:
        raise Refused(
            "password-weak", f"密码太弱：{'；'.join(weak.messages)}", f"the password is too weak: {'; '.join(weak.messages)}"
        ) from None
    user.set_password(password)
    user.has_initial_password = True


def _user(name: str) -> User:
    """Return an account, locked until the transaction ends."""
    found = User.objects.select_for_update().filter(username=name).first()
    if found is None:
        raise NotFound("person-unknown", f"没有账号“{name}”", f"there is no account '{name}'")
    return found


def _has_second_factor(user: User) -> bool:
    """Say whether somebody set up a second factor."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def _undecided(name: str) -> models.Binding:
    """Return a binding that nobody decided on yet, locked until the transaction ends."""
    found = models.Binding.objects.select_for_update().filter(user__username=name).select_related("user").first()
    if found is None:
        raise NotFound("binding-unknown", f"没有等待确认的代表“{name}”", f"there is no representative '{name}' to be confirmed")
    if found.is_confirmed is not None:
        raise Conflict("binding-decided", f"“{name}”已由 {found.decided_by} 处理过", f"{found.decided_by} has decided on '{name}' already")
    return found


def _refuse_another_office(actor: Actor, binding: models.Binding) -> None:
    """Refuse that somebody at the counter of one office decides on what another one has asked for; the database does, too."""
    if actor.role == Role.SERVICE and actor.office != binding.asked_office:
        name, office = binding.user.username, binding.asked_office
        raise NotAllowed(
            "binding-other-office",
            f"“{name}”由“{office or '未注明处室'}”绑定：请由同一处室的工作人员或管理员办理",
            f"'{name}' was bound by '{office or 'no office'}': somebody of that office, or an administrator, decides on it",
        )


def _decided(actor: Actor, binding: models.Binding, *, is_confirmed: bool, reason: str) -> Person:
    """Write what was decided on a binding, and record it; with a confirmation its account can be used."""
    binding.is_confirmed, binding.decided_by, binding.decided_at, binding.reason = is_confirmed, actor.name, timezone.now(), reason
    binding.decided_role, binding.decided_office = actor.role.value, actor.office
    binding.save(update_fields=["is_confirmed", "decided_by", "decided_role", "decided_office", "decided_at", "reason"])
    user = binding.user
    if is_confirmed:
        user.is_active = True
        user.save(update_fields=["is_active"])
    after = {"enterprise_code": user.enterprise_code, "document": binding.document, "asked_by": binding.asked_by}
    act = "people.confirm" if is_confirmed else "people.refuse"
    audit.record(actor.name, act, user.username, after=after | ({"reason": reason} if reason else {}))
    return _person(user, has_second_factor=False)


def _person(user: User, *, has_second_factor: bool, is_awaited: bool = False) -> Person:
    """Return an account as others see it."""
    return Person(user.username, Role(user.role), user.office, user.enterprise_code, user.is_active, has_second_factor, is_awaited)
