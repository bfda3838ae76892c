"""Logging in: two factors for staff, no hint for strangers, a lock after failures, and a record of each."""

from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client, override_settings
from django.urls import NoReverseMatch, reverse

from zhida_server.audit import service as audit
from zhida_server.people import service as people
from zhida_server.people.data import Role, job_actor
from zhida_server.people.models import User

SENTENCE = "a long sentence of 2026"
OTHER = "another long sentence"
SET_UP = job_actor("setup")
CODE = "91330105MA27XXXX0X"
ALL_REQUIRED = {"REQUIRES_SECOND_FACTOR": True, "IS_DEMO": False}


class StandingClock:
    """A code ends with its half minute, which else may fall between making the code and sending it."""

    @staticmethod
    def time() -> float:
        return 1_800_000_000.0


@pytest.fixture
def client(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:  # noqa: ARG001 - it must be there
    monkeypatch.setattr(auth, "time", StandingClock)
    people.create_staff(SET_UP, "wang", SENTENCE, Role.FINANCE, "财政局")
    people.bind_representative(SET_UP, "boss", SENTENCE, CODE)
    User.objects.update(has_initial_password=False)
    return Client(SERVER_NAME="localhost")


def log_in(client: Client, name: str = "wang", password: str = SENTENCE, **how: str) -> object:
    return client.post(reverse("account_login"), {"login": name, "password": password}, **how)


def is_in(client: Client) -> bool:
    """Whether somebody is logged in: a page that nobody else sees is shown."""
    return client.get(reverse("mfa_index")).status_code == 200


def errors_of(answer: object) -> dict[str, list[str]]:
    return dict(answer.context["form"].errors)  # type: ignore[attr-defined]


def code_now(secret: str) -> str:
    return auth.format_hotp_value(auth.hotp_value(secret, next(auth.yield_hotp_counters_from_time())))


def set_up_factor(client: Client) -> str:
    """Set up a second factor as the page does; returns its secret."""
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    return str(secret)


def acts() -> list[tuple[str, str, str]]:
    return [(one.actor, one.act, one.object) for one in reversed(audit.records()) if not one.act.startswith("people.")]


def forget_used_codes() -> None:
    """A code is good once; a test does not wait half a minute for the next one."""
    auth.cache.clear()


def test_login_and_logout_are_recorded(client: Client) -> None:
    answer = log_in(client)
    assert (answer.status_code, answer["Location"]) == (302, "/")  # type: ignore[attr-defined,index]
    client.post(reverse("account_logout"))
    assert acts() == [("wang", "login", "wang"), ("wang", "logout", "wang")]
    assert audit.records(act="login")[0].after == {"address": "127.0.0.1"}
    assert not is_in(client)


def test_logging_out_takes_a_post(client: Client) -> None:
    log_in(client)
    client.get(reverse("account_logout"))
    assert is_in(client)


def test_failure_is_the_same_whether_the_name_exists_is_ended_or_not(client: Client) -> None:
    people.create_staff(SET_UP, "gone", SENTENCE, Role.SERVICE, "")
    people.deactivate(SET_UP, "gone")
    answers = [
        log_in(client, name, password) for name, password in (("wang", OTHER), ("nobody", OTHER), ("gone", SENTENCE), ("gone", OTHER))
    ]
    assert {answer.status_code for answer in answers} == {200}  # type: ignore[attr-defined]
    assert len({str(errors_of(answer)) for answer in answers}) == 1
    assert acts() == [("visitor", "login.failed", name) for name in ("wang", "unknown", "gone", "gone")]


def test_what_a_stranger_typed_as_a_name_is_not_written_down(client: Client) -> None:
    log_in(client, SENTENCE, "wang")
    assert SENTENCE not in str(audit.records())


def test_five_failures_lock_the_name_from_every_address(client: Client) -> None:
    for number in range(5):
        log_in(client, password=OTHER, REMOTE_ADDR=f"10.0.0.{number}")
    locked = log_in(client, REMOTE_ADDR="10.0.0.99")
    assert locked.status_code == 200  # type: ignore[attr-defined]
    assert not is_in(client)
    assert acts()[-1] == ("visitor", "login.locked", "wang")
    assert log_in(Client(SERVER_NAME="localhost"), "boss").status_code == 302  # type: ignore[attr-defined]


def test_ten_failures_lock_the_address_for_every_name(client: Client) -> None:
    for number in range(10):
        log_in(client, f"name{number}", OTHER)
    log_in(client)
    assert not is_in(client)
    assert log_in(client, REMOTE_ADDR="10.9.9.9").status_code == 302  # type: ignore[attr-defined]


def test_a_forwarded_address_is_nobodys_word_unless_a_proxy_stands_before(client: Client) -> None:
    for number in range(10):
        log_in(client, f"name{number}", OTHER, HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")
    log_in(client, HTTP_X_FORWARDED_FOR="10.7.7.7")
    assert not is_in(client)
    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1):
        assert log_in(client, HTTP_X_FORWARDED_FOR="1.2.3.4, 10.7.7.7").status_code == 302  # type: ignore[attr-defined]
    assert audit.records(act="login")[0].after == {"address": "10.7.7.7"}


def test_the_count_is_kept_where_every_process_sees_it() -> None:
    assert settings.CACHES["default"]["BACKEND"].endswith("DatabaseCache")


def test_staff_set_up_a_second_factor_before_anything_else(client: Client) -> None:
    with override_settings(**ALL_REQUIRED):
        log_in(client)
        assert client.get(reverse("home"))["Location"] == reverse("mfa_activate_totp")
        assert client.get(reverse("account_change_password"))["Location"] == reverse("mfa_activate_totp")
        set_up_factor(client)
        assert client.get(reverse("mfa_index")).status_code == 200
        assert people.people(SET_UP_READER)[-1].has_second_factor
    assert ("wang", "factor.add", "wang") in acts()


SET_UP_READER = people.Actor("au", Role.AUDITOR)


def test_representatives_and_demonstrations_need_no_second_factor(client: Client) -> None:
    with override_settings(**ALL_REQUIRED):
        log_in(client, "boss")
        assert client.get(reverse("mfa_index")).status_code == 200
    other = Client(SERVER_NAME="localhost")
    log_in(other)
    assert other.get(reverse("mfa_index")).status_code == 200


def test_with_a_second_factor_the_password_alone_opens_nothing(client: Client) -> None:
    log_in(client)
    secret = set_up_factor(client)
    other = Client(SERVER_NAME="localhost")
    answer = log_in(other)
    assert answer["Location"] == reverse("mfa_authenticate")  # type: ignore[index]
    assert not is_in(other)
    other.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert not is_in(other)
    forget_used_codes()
    other.post(reverse("mfa_authenticate"), {"code": code_now(secret)})
    assert is_in(other)
    assert acts()[-2:] == [("visitor", "login.failed", "wang"), ("wang", "login", "wang")]


def test_a_code_is_good_once(client: Client) -> None:
    log_in(client)
    secret = set_up_factor(client)
    forget_used_codes()
    code = code_now(secret)
    for other, expected in ((Client(SERVER_NAME="localhost"), True), (Client(SERVER_NAME="localhost"), False)):
        log_in(other)
        other.post(reverse("mfa_authenticate"), {"code": code})
        assert is_in(other) is expected


def test_guessing_codes_is_stopped(client: Client) -> None:
    log_in(client)
    secret = set_up_factor(client)
    forget_used_codes()
    other = Client(SERVER_NAME="localhost")
    log_in(other)
    for _ in range(5):
        other.post(reverse("mfa_authenticate"), {"code": "000000"})
    other.post(reverse("mfa_authenticate"), {"code": code_now(secret)})
    assert not is_in(other)


def test_a_recovery_code_opens_once(client: Client) -> None:
    log_in(client)
    set_up_factor(client)
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    for other, expected in ((Client(SERVER_NAME="localhost"), True), (Client(SERVER_NAME="localhost"), False)):
        log_in(other)
        other.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert is_in(other) is expected


def test_the_secret_of_a_second_factor_is_not_kept_in_the_clear(client: Client) -> None:
    log_in(client)
    secret = set_up_factor(client)
    assert secret not in str([one.data for one in Authenticator.objects.all()])


def test_staff_cannot_drop_a_factor_that_is_required_but_an_administrator_resets_a_lost_one(client: Client) -> None:
    with override_settings(**ALL_REQUIRED):
        log_in(client)
        set_up_factor(client)
        client.post(reverse("mfa_deactivate_totp"))
        assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).count() == 1
        people.reset_second_factor(SET_UP, "wang")
        assert client.get(reverse("home"))["Location"] == reverse("mfa_activate_totp")
    assert audit.records(act="people.reset_second_factor")[0].object == "wang"


def test_a_first_password_is_changed_before_anything_else(client: Client) -> None:
    people.reset_password(SET_UP, "boss", OTHER)
    with override_settings(**ALL_REQUIRED):
        log_in(client, "boss", OTHER)
        assert client.get(reverse("home"))["Location"] == reverse("account_change_password")
        sent = {"oldpassword": OTHER, "password1": SENTENCE, "password2": SENTENCE}
        assert client.post(reverse("account_change_password"), sent).status_code == 302
        assert client.get(reverse("mfa_index")).status_code == 200
    assert acts()[-1] == ("boss", "password.change", "boss")
    assert User.objects.get(username="boss").check_password(SENTENCE)


def test_a_weak_new_password_is_refused(client: Client) -> None:
    log_in(client)
    answer = client.post(reverse("account_change_password"), {"oldpassword": SENTENCE, "password1": "short", "password2": "short"})
    assert answer.status_code == 200
    assert User.objects.get(username="wang").check_password(SENTENCE)


def test_changing_the_password_ends_every_other_login(client: Client) -> None:
    other = Client(SERVER_NAME="localhost")
    log_in(other)
    log_in(client)
    client.post(reverse("account_change_password"), {"oldpassword": SENTENCE, "password1": OTHER, "password2": OTHER})
    assert client.get(reverse("mfa_index")).status_code == 200
    assert other.get(reverse("mfa_index")).status_code == 302


def test_ending_an_account_ends_its_logins_at_once(client: Client) -> None:
    log_in(client)
    people.deactivate(SET_UP, "wang")
    assert client.get(reverse("mfa_index")).status_code == 302


def test_a_login_gets_a_cookie_of_its_own_whatever_was_planted_before(client: Client) -> None:
    planted = SessionStore()
    planted["anything"] = 1
    planted.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key
    log_in(client)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert is_in(client)
    assert cookie.value != planted.session_key
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == ""  # it ends with the browser, and after eight hours here


@pytest.mark.parametrize(
    "name",
    [
        "account_signup",
        "account_email",
        "account_reset_password",
        "account_set_password",
        "account_confirm_login_code",
        "account_request_login_code",
        "account_email_verification_sent",
        "mfa_list_webauthn",
    ],
)
def test_pages_of_the_library_that_nobody_needs_are_not_there(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_after_login_nobody_is_sent_to_another_site(client: Client) -> None:
    answer = client.post(f"{reverse('account_login')}?next=https://evil.example/", {"login": "wang", "password": SENTENCE})
    assert answer["Location"] == "/"


def test_passwords_are_kept_by_scrypt() -> None:
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.ScryptPasswordHasher"]):
        assert make_password("x").startswith("scrypt$")
