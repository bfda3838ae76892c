"""Accounts: who makes them, who ends them, and what never changes about them."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction

from zhida_server.audit import service as audit
from zhida_server.people import service as people
from zhida_server.people.data import VISITOR, Actor, Conflict, NotAllowed, NotFound, Refused, Role, job_actor
from zhida_server.people.models import Binding, User
from zhida_server.people.permissions import PERMISSIONS

SENTENCE = "a long sentence of 2026"
SET_UP = job_actor("setup")
ADMINISTRATOR = Actor("admin", Role.ADMINISTRATOR, "大数据局")
CODE = "91330105MA27XXXX0X"
COUNTER = Actor("li", Role.SERVICE, "企业服务中心")
LETTER = "授权委托书 2026-017"
CONFIRMED = """UPDATE people_binding
SET is_confirmed = true, decided_by = '{by}', decided_role = '{role}', decided_office = '{office}', decided_at = now()"""
COPY = """INSERT INTO people_user SELECT (jsonb_populate_record(u, '{{"id": 99, {}}}')).* FROM people_user u"""


def staff(name: str = "wang", role: Role = Role.FINANCE) -> Actor:
    people.create_staff(SET_UP, name, SENTENCE, role, "财政局")
    return people.actor_of(User.objects.get(username=name))


@pytest.mark.usefixtures("database")
def test_an_account_is_made_by_an_administrator_and_recorded() -> None:
    made = people.create_staff(ADMINISTRATOR, "王芳", SENTENCE, Role.FINANCE, "财政局")
    assert (made.name, made.role, made.office, made.is_active, made.has_second_factor) == ("王芳", Role.FINANCE, "财政局", True, False)
    assert people.actor_of(User.objects.get(username="王芳")) == Actor("王芳", Role.FINANCE, "财政局")
    (record,) = audit.records(object="王芳")
    assert (record.actor, record.act, record.after) == (
        "admin",
        "people.create",
        {"role": "finance", "office": "财政局", "enterprise_code": ""},
    )


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.ADMINISTRATOR, Role.JOB}])
@pytest.mark.usefixtures("database")
def test_nobody_else_makes_or_ends_accounts(role: Role) -> None:
    actor = Actor("x", role, enterprise_code=CODE if role == Role.REPRESENTATIVE else "")
    staff()
    with pytest.raises(NotAllowed):
        people.create_staff(actor, "new", SENTENCE, Role.FINANCE, "")
    with pytest.raises(NotAllowed):
        people.deactivate(actor, "wang")
    with pytest.raises(NotAllowed):
        people.reset_password(actor, "wang", SENTENCE)
    with pytest.raises(NotAllowed):
        people.reset_second_factor(actor, "wang")


@pytest.mark.parametrize(
    ("name", "password", "code"),
    [
        ("a b", SENTENCE, "name-unfit"),
        ("job:x", SENTENCE, "name-unfit"),
        ("", SENTENCE, "name-unfit"),
        ("new", "short", "password-weak"),
        ("new", "password1234", "password-weak"),
        ("new", "1234567890123", "password-weak"),
        ("taken-by-li", "taken-by-li-1", "password-weak"),
    ],
)
@pytest.mark.usefixtures("database")
def test_an_unfit_name_or_weak_password_is_refused(name: str, password: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        people.create_staff(ADMINISTRATOR, name, password, Role.SERVICE, "")
    assert refused.value.code == code
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["wang", "WANG", "ｗａｎｇ", "Visitor"])
@pytest.mark.usefixtures("database")
def test_a_name_that_is_taken_in_any_writing_is_refused(name: str) -> None:
    staff()
    with pytest.raises(Conflict) as refused:
        people.create_staff(ADMINISTRATOR, name, SENTENCE, Role.SERVICE, "")
    assert refused.value.code == "name-taken"


@pytest.mark.usefixtures("database")
def test_representatives_and_visitors_are_no_staff() -> None:
    for role in (Role.REPRESENTATIVE, Role.VISITOR, Role.JOB):
        with pytest.raises(Refused) as refused:
            people.create_staff(ADMINISTRATOR, "new", SENTENCE, role, "")
        assert refused.value.code == "role-not-staff"


@pytest.mark.usefixtures("database")
def test_a_representative_is_bound_to_one_enterprise() -> None:
    people.bind_representative(COUNTER, "boss", SENTENCE, CODE, LETTER)
    people.confirm_binding(ADMINISTRATOR, "boss")
    assert people.actor_of(User.objects.get(username="boss")).enterprise_code == CODE
    for code in ("", "91330105ma27xxxx0x", "9133 0105", "9" * 19):
        with pytest.raises(Refused, match="code-unfit"):
            people.bind_representative(COUNTER, "boss2", SENTENCE, code, LETTER)
    with pytest.raises(Refused, match="document-missing"):
        people.bind_representative(COUNTER, "boss2", SENTENCE, CODE, "  ")


@pytest.mark.usefixtures("database")
def test_a_binding_counts_once_a_second_person_has_confirmed_it() -> None:
    asked = people.bind_representative(COUNTER, "boss", SENTENCE, CODE, " 授权委托书  2026-017 ")
    assert (asked.is_active, asked.is_awaited) == (False, True)
    (waiting,) = people.bindings(ADMINISTRATOR)
    assert (waiting.name, waiting.enterprise_code, waiting.document, waiting.asked_by) == ("boss", CODE, LETTER, "li")
    assert people.people(ADMINISTRATOR, "boss")[0].is_awaited
    with pytest.raises(NotAllowed, match="binding-own"):
        people.confirm_binding(COUNTER, "boss")
    with pytest.raises(NotAllowed, match="binding-other-office"):
        people.confirm_binding(Actor("wu", Role.SERVICE, "另一处"), "boss")
    with pytest.raises(NotAllowed, match="not-allowed"):
        people.confirm_binding(Actor("cai", Role.FINANCE, COUNTER.office), "boss")
    with pytest.raises(Conflict, match="binding-not-confirmed"):
        people.reactivate(ADMINISTRATOR, "boss")
    assert people.actor_of(User.objects.get(username="boss")) == VISITOR
    assert people.confirm_binding(Actor("wang", Role.SERVICE, COUNTER.office), "boss").is_active
    assert people.actor_of(User.objects.get(username="boss")) == Actor("boss", Role.REPRESENTATIVE, "", CODE)
    assert not people.bindings(ADMINISTRATOR)
    for decide in (lambda: people.confirm_binding(ADMINISTRATOR, "boss"), lambda: people.refuse_binding(ADMINISTRATOR, "boss", "x")):
        with pytest.raises(Conflict, match="binding-decided"):
            decide()
    told = [(record.actor, record.act) for record in audit.records(object="boss")]
    assert told == [("wang", "people.confirm"), ("li", "people.bind"), ("li", "people.create")]
    people.deactivate(ADMINISTRATOR, "boss")
    people.reactivate(ADMINISTRATOR, "boss")


@pytest.mark.usefixtures("database")
def test_a_binding_that_was_refused_is_never_used() -> None:
    people.bind_representative(COUNTER, "boss", SENTENCE, CODE, LETTER)
    with pytest.raises(NotAllowed, match="binding-other-office"):
        people.refuse_binding(Actor("wu", Role.SERVICE, "另一处"), "boss", "填错了企业")
    with pytest.raises(Refused, match="reason-missing"):
        people.refuse_binding(COUNTER, "boss", " ")
    assert not people.refuse_binding(COUNTER, "boss", "填错了企业").is_active
    with pytest.raises(Conflict, match="binding-decided"):
        people.confirm_binding(ADMINISTRATOR, "boss")
    with pytest.raises(Conflict, match="binding-not-confirmed"):
        people.reactivate(ADMINISTRATOR, "boss")
    with pytest.raises(NotFound, match="binding-unknown"):
        people.confirm_binding(ADMINISTRATOR, "nobody")
    assert audit.records(object="boss", act="people.refuse")[0].after["reason"] == "填错了企业"  # type: ignore[index]
    binding = Binding.objects.get(user__username="boss")
    assert (binding.decided_by, binding.decided_role, binding.decided_office) == (COUNTER.name, COUNTER.role, COUNTER.office)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE people_user SET is_active = true WHERE username = 'boss'",
        CONFIRMED.format(by="li", role="service", office="企业服务中心"),
        CONFIRMED.format(by="wu", role="service", office="另一处"),
        CONFIRMED.format(by="wang", role="administrator", office="财政局"),
        CONFIRMED.format(by="wu", role="job", office=""),
        CONFIRMED.format(by="wu", role="finance", office="企业服务中心"),
        CONFIRMED.format(by="wu", role="service", office="另一处").replace("true", "false"),
        "UPDATE people_binding SET is_confirmed = true, decided_by = 'wu', decided_at = now()",
        "UPDATE people_binding SET is_confirmed = true, decided_by = 'wu'",
        "UPDATE people_binding SET document = 'another'",
        "UPDATE people_binding SET asked_by = 'another'",
        CONFIRMED.format(by="li", role="service", office="企业服务中心") + ", asked_by = 'job:x'",
        "DELETE FROM people_binding",
        "TRUNCATE people_binding",
        COPY.format('"username": "b", "is_active": true'),
    ],
)
@pytest.mark.usefixtures("database")
def test_the_database_keeps_a_binding_for_two_persons(statement: str) -> None:
    staff()
    people.bind_representative(COUNTER, "boss", SENTENCE, CODE, LETTER)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("by", "role", "office"), [("wu", "service", "企业服务中心"), ("admin", "administrator", "大数据局"), ("job:setup", "job", "")]
)
@pytest.mark.usefixtures("database")
def test_the_database_lets_a_second_person_of_the_office_or_an_administrator_confirm(by: str, role: str, office: str) -> None:
    people.bind_representative(COUNTER, "boss", SENTENCE, CODE, LETTER)
    with connection.cursor() as cursor:
        cursor.execute(CONFIRMED.format(by=by, role=role, office=office))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE people_binding SET is_confirmed = false",
        "UPDATE people_binding SET is_confirmed = NULL, decided_by = NULL, decided_at = NULL",
        "UPDATE people_binding SET decided_by = 'x'",
    ],
)
@pytest.mark.usefixtures("database")
def test_the_database_keeps_what_was_decided_of_a_binding(statement: str) -> None:
    people.bind_representative(COUNTER, "boss", SENTENCE, CODE, LETTER)
    people.confirm_binding(ADMINISTRATOR, "boss")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.usefixtures("database")
def test_work_on_the_sites_own_machine_binds_by_itself_and_says_so() -> None:
    assert people.bind_representative(SET_UP, "boss", SENTENCE, CODE).is_active
    told = [(record.actor, record.act) for record in audit.records(object="boss")]
    assert told == [("job:setup", "people.confirm"), ("job:setup", "people.bind"), ("job:setup", "people.create")]


@pytest.mark.usefixtures("own_database")
def test_a_name_that_is_made_twice_at_once_is_one_account_and_a_refusal() -> None:
    def make() -> str:
        try:
            people.create_staff(ADMINISTRATOR, "WANG", SENTENCE, Role.FINANCE, "")
        except Conflict as refused:
            return refused.code
        finally:
            connections.close_all()
        return "made"

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            staff()
            other = pool.submit(make)
            assert not wait([other], timeout=0.5).done  # it has seen no such name, and waits for ours
        assert other.result() == "name-taken"
    assert User.objects.count() == 1


@pytest.mark.usefixtures("database")
def test_an_account_that_was_ended_is_nobody_and_can_be_used_again() -> None:
    staff()
    people.deactivate(ADMINISTRATOR, "wang")
    people.deactivate(ADMINISTRATOR, "wang")
    assert people.actor_of(User.objects.get(username="wang")) == VISITOR
    people.reactivate(ADMINISTRATOR, "wang")
    assert people.actor_of(User.objects.get(username="wang")).role == Role.FINANCE
    assert [record.act for record in audit.records(object="wang")] == ["people.reactivate", "people.deactivate", "people.create"]
    with pytest.raises(NotFound):
        people.deactivate(ADMINISTRATOR, "nobody")


@pytest.mark.usefixtures("database")
def test_the_last_administrator_stays() -> None:
    one = staff("one", Role.ADMINISTRATOR)
    with pytest.raises(Conflict) as refused:
        people.deactivate(one, "one")
    assert refused.value.code == "last-administrator"
    staff("two", Role.ADMINISTRATOR)
    people.deactivate(one, "one")
    with pytest.raises(Conflict):
        people.deactivate(one, "two")


@pytest.mark.usefixtures("own_database")
def test_two_administrators_who_end_each_other_at_once_leave_one() -> None:
    staff("one", Role.ADMINISTRATOR)
    staff("two", Role.ADMINISTRATOR)

    def end_one() -> str:
        try:
            people.deactivate(Actor("two", Role.ADMINISTRATOR), "one")
        except Conflict as refused:
            return refused.code
        finally:
            connections.close_all()
        return "ended"

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            people.deactivate(Actor("one", Role.ADMINISTRATOR), "two")
            other = pool.submit(end_one)
            assert not wait([other], timeout=0.2).done
        assert other.result() == "last-administrator"


@pytest.mark.usefixtures("database")
def test_people_are_listed_for_administrator_and_auditor() -> None:
    staff()
    people.bind_representative(SET_UP, "boss", SENTENCE, CODE)
    assert [one.name for one in people.people(ADMINISTRATOR)] == ["boss", "wang"]
    assert [one.name for one in people.people(Actor("au", Role.AUDITOR), CODE)] == ["boss"]
    assert [one.name for one in people.people(ADMINISTRATOR, limit=1)] == ["boss"]
    assert [one.name for one in people.people(ADMINISTRATOR, after="boss", limit=1)] == ["wang"]
    with pytest.raises(NotAllowed):
        people.people(Actor("x", Role.LEADER))


def test_nobody_is_a_visitor() -> None:
    assert people.actor_of(AnonymousUser()) == VISITOR


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE people_user SET username = 'other'",
        "UPDATE people_user SET role = 'administrator'",
        "UPDATE people_user SET enterprise_code = 'x', role = 'representative'",
        "DELETE FROM people_user",
        "TRUNCATE people_user CASCADE",
        COPY.format('"username": "WANG"'),
        COPY.format('"username": "b", "role": "boss"'),
        COPY.format('"username": "b", "enterprise_code": "1"'),
        COPY.format('"username": "b", "role": "representative"'),
    ],
)
@pytest.mark.usefixtures("database")
def test_the_database_keeps_who_somebody_is(statement: str) -> None:
    staff()
    copied = COPY.replace("{}", '"username": "b"').format()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(copied)  # it is refused for what it says, not for how it is said
        transaction.set_rollback(True)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert User.objects.get().username == "wang"


@pytest.mark.usefixtures("database")
def test_facts_of_an_enterprise_are_reached_by_those_who_may_and_every_read_is_recorded() -> None:
    for role in (Role.POLICY, Role.FINANCE, Role.SERVICE, Role.AUDITOR):
        people.access_enterprise(Actor("li", role), CODE, purpose="page")
    people.access_enterprise(Actor("boss", Role.REPRESENTATIVE, "", CODE), CODE, purpose="claim")
    assert [(one.actor, one.purpose) for one in audit.records(object=CODE)] == [("boss", "claim")] + [("li", "page")] * 4


@pytest.mark.parametrize(
    "actor",
    [
        VISITOR,
        Actor("l", Role.LEADER),
        Actor("a", Role.ADMINISTRATOR),
        Actor("boss", Role.REPRESENTATIVE, "", "91330105MA27YYYY0Y"),
        Actor("boss", Role.REPRESENTATIVE),
    ],
)
@pytest.mark.usefixtures("database")
def test_facts_of_an_enterprise_are_not_reached_by_anybody_else(actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        people.access_enterprise(actor, CODE, purpose="page")
    assert not audit.records(object=CODE)


@pytest.mark.usefixtures("database")
def test_a_job_reads_without_a_record_for_each_enterprise() -> None:
    people.access_enterprise(job_actor("nightly"), CODE, purpose="run")
    assert not audit.records(object=CODE)


@pytest.mark.usefixtures("database")
def test_the_audit_is_read_by_the_auditor_alone_and_that_is_recorded() -> None:
    people.access_audit(Actor("au", Role.AUDITOR), CODE)
    assert [(one.actor, one.act) for one in audit.records(object=CODE)] == [("au", "audit.read")]
    for role in set(Role) - {Role.AUDITOR}:
        with pytest.raises(NotAllowed):
            people.access_audit(Actor("x", role))


def test_a_refusal_says_who_may_in_both_languages() -> None:
    with pytest.raises(NotAllowed) as refused:
        people.require(Actor("x", Role.SERVICE), "batch.sign")
    assert refused.value.words("zh-hans") == "“服务”不能办这件事（batch.sign）：需要财务的账号"
    assert refused.value.words("en") == "the role Service may not do this (batch.sign): it takes Finance"


def test_no_act_is_open_to_nobody_and_none_that_changes_to_the_auditor() -> None:
    assert all(PERMISSIONS.values())
    changes = {act for act, roles in PERMISSIONS.items() if Role.AUDITOR in roles} - {"desk.open"}
    assert {act.split(".")[-1] for act in changes} <= {"read", "search", "export", "repeat", "review"}


def test_a_visitor_may_only_object() -> None:
    assert {act for act, roles in PERMISSIONS.items() if Role.VISITOR in roles} == {"objection.make"}


def test_an_act_that_is_not_in_the_table_is_our_own_mistake() -> None:
    with pytest.raises(KeyError):
        people.may(ADMINISTRATOR, "no.such.act")


@pytest.mark.usefixtures("own_database")
def test_who_represented_an_enterprise_before_there_were_two_persons_goes_on_to_do_so() -> None:
    people.bind_representative(SET_UP, "boss", SENTENCE, CODE)
    call_command("migrate", "people", "0002", verbosity=0)
    call_command("migrate", "people", verbosity=0)
    assert people.actor_of(User.objects.get(username="boss")).enterprise_code == CODE
    people.deactivate(SET_UP, "boss")
    people.reactivate(SET_UP, "boss")
    assert not people.bindings(SET_UP)
