"""What protects the pages: headers, forms that cannot be sent from elsewhere, limits, cookies, and Django's own check."""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import get_resolver, reverse

from zhida_server.people import service as people
from zhida_server.people.data import STAFF, Role, job_actor
from zhida_server.people.models import User
from zhida_server.web.middleware import upload_limit

INLINE = re.compile(r"""<script(?![^>]*\ssrc=)[^>]*>|<style\b|<[^>]+\s(?:style|on[a-z]+)=|javascript:""", re.IGNORECASE)
SENTENCE = "a long sentence of 2026"


def real_site(folder: Path, text: str = "") -> dict[str, str]:
    """The environment of a site that is no demonstration."""
    (folder / "site.toml").write_text(f'hosts = ["zhida.example"]\norigins = ["https://zhida.example"]\n{text}', encoding="utf-8")
    (folder / "secret").write_text(secrets.token_urlsafe(48), encoding="utf-8")
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "ZHIDA_SITE": str(folder),
        "DJANGO_SETTINGS_MODULE": "zhida_server.settings",
    }


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=300)


def test_djangos_own_check_of_a_real_site_finds_nothing(tmp_path: Path) -> None:
    done = run(real_site(tmp_path), "-m", "django", "check", "--deploy", "--fail-level", "DEBUG")
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


def test_a_real_site_asks_for_two_factors_https_and_secure_cookies(tmp_path: Path) -> None:
    names = ["REQUIRES_SECOND_FACTOR", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE"]
    names += ["SESSION_COOKIE_HTTPONLY", "CSRF_COOKIE_HTTPONLY", "ALLAUTH_TRUSTED_PROXY_COUNT", "IS_DEMO", "DEBUG", "ALLOWED_HOSTS"]
    program = f"from zhida_server import settings as s; print([getattr(s, name) for name in {names}])"
    done = run(real_site(tmp_path), "-c", program)
    assert done.stdout.strip() == str([*[True] * 7, 1, False, False, ["zhida.example"]])


def test_passwords_of_a_real_site_are_kept_by_scrypt(tmp_path: Path) -> None:
    done = run(real_site(tmp_path), "-c", "from zhida_server import settings as s; print(s.PASSWORD_HASHERS[0])")
    assert done.stdout.strip().endswith("ScryptPasswordHasher")


@pytest.fixture
def client(database: None) -> Client:  # noqa: ARG001 - it must be there
    people.create_staff(job_actor("setup"), "wang", SENTENCE, Role.FINANCE, "财政局")
    return Client(SERVER_NAME="localhost")


def log_in(client: Client) -> None:
    client.force_login(User.objects.get(username="wang"))


def policy_of(answer: HttpResponse) -> dict[str, str]:
    return dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))


@pytest.mark.parametrize(
    "address", ["/account/login/", "/account/2fa/", "/account/password/change/", "/no-such-page/", "/account/2fa/totp/activate/"]
)
@pytest.mark.parametrize("is_in", [False, True])
def test_every_answer_carries_a_policy_without_inline_code(client: Client, address: str, is_in: bool) -> None:
    if is_in:
        log_in(client)
    policy = policy_of(client.get(address))
    assert (policy["default-src"], policy["script-src"], policy["frame-ancestors"]) == ("'none'", "'self'", "'none'")
    assert not [kind for kind, places in policy.items() if "unsafe" in places or "*" in places or "http" in places]


def plain_addresses() -> list[str]:
    """Every address that has no part to be filled in."""
    return [f"/{pattern.pattern}" for pattern in get_resolver().url_patterns if "<" not in str(pattern.pattern)]


@pytest.mark.parametrize("role", [None, *sorted(STAFF), Role.REPRESENTATIVE])
def test_no_page_has_inline_code_or_style(client: Client, role: Role | None) -> None:
    if role == Role.REPRESENTATIVE:
        people.bind_representative(job_actor("setup"), "boss", SENTENCE, "91330105MA27XXXX0X")
        client.force_login(User.objects.get(username="boss"))
    elif role:
        people.create_staff(job_actor("setup"), "somebody", SENTENCE, role, "")
        client.force_login(User.objects.get(username="somebody"))
    faults = []
    for address in plain_addresses():
        answer = client.get(address)
        policy = policy_of(answer)
        faults += [f"{address}: {kind} {places}" for kind, places in policy.items() if "unsafe" in places or "*" in places]
        if answer["Content-Type"].startswith("text/html"):
            faults += [f"{address}: {found[0]}" for found in INLINE.finditer(answer.content.decode())]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "line", ["<script>x</script>", "<style>", '<p style="x">', '<a href="x" onclick="x()">', '<a href="javascript:x">']
)
def test_inline_code_is_found(line: str) -> None:
    assert INLINE.search(line)


def test_a_redirect_to_https_carries_the_policy_as_well() -> None:
    with override_settings(SECURE_SSL_REDIRECT=True):
        answer = Client(SERVER_NAME="localhost").get("/account/login/")
    assert answer["Location"] == "https://localhost/account/login/"
    assert policy_of(answer)["default-src"] == "'none'"


def test_answers_are_neither_framed_nor_sniffed_nor_followed(client: Client) -> None:
    answer = client.get("/account/login/")
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]


@pytest.mark.parametrize("name", ["account_login", "account_logout", "account_change_password", "mfa_activate_totp", "set_language"])
def test_a_form_that_is_not_ours_is_refused(client: Client, name: str) -> None:
    strict = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    strict.cookies = client.cookies
    log_in(strict)
    assert strict.post(reverse(name), {"login": "wang", "password": SENTENCE, "language": "en"}).status_code == 403
    assert strict.get(reverse("mfa_index")).status_code == 200


def test_a_host_that_is_not_ours_is_refused() -> None:
    assert Client(SERVER_NAME="evil.example").get("/account/login/").status_code == 400


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    ("length", "is_in", "status"),
    [
        (settings.DATA_UPLOAD_MAX_MEMORY_SIZE, False, 200),
        (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1, False, 413),
        (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1, True, 200),
        (settings.UPLOAD_LIMIT_BYTES, True, 200),
        (settings.UPLOAD_LIMIT_BYTES + 1, True, 413),
    ],
)
def test_what_is_too_long_is_refused_before_it_is_read(length: int, is_in: bool, status: int) -> None:
    class Unread:
        def read(self, *_: object) -> bytes:
            raise AssertionError("it was read")

    def page(_request: HttpRequest) -> HttpResponse:
        return HttpResponse("page")

    request = RequestFactory().post("/", SERVER_NAME="localhost")
    request.META |= {"CONTENT_LENGTH": str(length), "wsgi.input": Unread()}
    request.user = User.objects.get() if is_in else people.AnonymousUser()  # type: ignore[attr-defined]
    answer = upload_limit(page)(request)
    assert answer.status_code == status
    assert ("文件太大" in answer.content.decode()) is (status == 413)


@pytest.mark.parametrize("length", ["-1", "ten", "1e9"])
@pytest.mark.usefixtures("client")
def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    request = RequestFactory().post("/")
    request.META["CONTENT_LENGTH"] = length
    request.user = User.objects.get()
    assert upload_limit(lambda _: HttpResponse())(request).status_code == 413


def test_the_whole_site_limits_what_strangers_send(client: Client) -> None:
    file = SimpleUploadedFile("big.csv", b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1))
    assert client.post(reverse("account_login"), {"login": file}).status_code == 413


@pytest.mark.parametrize("address", ["/policies/?q=%00", "/enterprise/?q=%00", "/desk/registry/?%00=1", "/policies/town/a%00b/"])
def test_a_character_that_no_database_keeps_is_refused(client: Client, address: str) -> None:
    log_in(client)
    assert client.get(address).status_code in {400, 404}
    assert client.post(reverse("set_language"), {"language": "zh\0"}).status_code == 400


def test_what_was_searched_for_stays_one_part_of_the_next_address(client: Client) -> None:
    log_in(client)
    assert 'href="?q=a%26after%3Db"' in client.get("/enterprise/", {"q": "a&after=b", "after": "A1"}).content.decode()


def test_a_form_of_too_many_fields_is_refused(client: Client) -> None:
    fields = {f"field{number}": "" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    assert client.post(reverse("account_login"), fields).status_code == 400
