"""The site's pages as the program uses them that is killed: over HTTP, with a login, the forms' tokens and their keys.

Whatever is sent is sent again, with the same key, until an answer comes; no answer is also one that says that the site itself failed, as
it does while its database is away. What the program waits for is written to a file all the while, so that whoever kills sees it at work.
"""

import http.client
import json
import os
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode, urlsplit

PATIENCE_SECONDS, PAUSE_SECONDS, TIMEOUT_SECONDS = 240.0, 0.05, 60.0
"""How long an answer is waited for in all, how long between two tries, and how long for one."""
AGAIN, MEANWHILE_SECONDS = 20, 0.5
"""How often, and how long after, something is sent again that is being done at this moment: for a process that was killed the database
may still be at it."""
BOUNDARY = "a-line-that-stands-in-none-of-these-files"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
ASKED = re.compile(r'name="(told:[^"]+)"')
SEEN = re.compile(r'name="seen" value="([^"]+)"')
GRANTED, CLAIMED = (re.compile(rf"^/enterprise/[^/]+/{kind}/([0-9a-f-]{{36}})/$") for kind in ("entitlements", "claims"))
"""Where the answer to a claim leads to: what was granted, or the claim that a person judges."""
LOGIN = "/account/login/"

PASSWORD = "a long sentence of 2026"  # noqa: S105 - of a test
COUNTER, JUDGE, MAKER, SIGNER = "feng", "qian", "li", "wang"
"""Who claims at the counter and who judges; who makes payments and who signs them."""


class Waiting:
    """Tells in a file what the program waits for."""

    def __init__(self, path: Path) -> None:
        self._path, self._number = path, 0

    @contextmanager
    def on(self, kind: str) -> Iterator[None]:
        """Say so while something is waited for."""
        self._number += 1
        self._path.write_text(f"{kind} {os.getpid()} {self._number}\n", encoding="utf-8")
        yield
        self._path.write_text("", encoding="utf-8")


@dataclass(frozen=True)
class Page:
    """What came back."""

    status: int
    address: str
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8")


class Browser:
    """Somebody's browser; who is logged in stays so when the program is killed."""

    def __init__(self, port: int, name: str, kept: Path, waiting: Waiting) -> None:
        self._port, self._name, self._kept, self._waiting = port, name, kept, waiting
        self._cookies: dict[str, str] = {}
        self._token = ""
        with suppress(OSError, ValueError):
            self._cookies = json.loads(kept.read_text(encoding="utf-8"))

    def get(self, address: str) -> Page:
        """Open a page, and follow where it leads."""
        page = self._answered("GET", address, b"", "")
        assert not page.address.startswith(LOGIN), f"{self._name} is not logged in any more"
        assert page.status == HTTPStatus.OK, f"{self._name}: {address} is {page.status}: {page.text[-3_000:]}"
        return page

    def post(self, address: str, fields: Mapping[str, str], file: tuple[str, bytes] | None = None) -> Page:
        """Send a form, and follow where it leads; its token is of a page that was shown."""
        if not self._token:
            self.get("/desk/")
        fields = {"csrfmiddlewaretoken": self._token, **fields}
        if file is None:
            return self._answered("POST", address, urlencode(fields).encode(), "application/x-www-form-urlencoded")
        return self._answered("POST", address, _multipart(fields, *file), f"multipart/form-data; boundary={BOUNDARY}")

    def log_in(self) -> None:
        """Log in as a person does."""
        self._token = ""
        self._answered("GET", LOGIN, b"", "")
        page = self.post(LOGIN, {"login": self._name, "password": PASSWORD})
        assert (page.status, page.address) != (HTTPStatus.OK, LOGIN), f"{self._name} cannot log in: {page.text[-3_000:]}"
        beside = self._kept.with_name(f"{self._kept.name}.new")
        beside.write_text(json.dumps(self._cookies), encoding="utf-8")
        beside.replace(self._kept)

    def _answered(self, method: str, address: str, body: bytes, kind: str) -> Page:
        """Ask until an answer comes, and follow where it leads."""
        page = self._tried(method, address, body, kind)
        while page.status in {HTTPStatus.FOUND, HTTPStatus.SEE_OTHER}:
            page = self._tried("GET", page.address, b"", "")
        if found := TOKEN.search(page.content.decode("utf-8", errors="replace")):
            self._token = found[1]
        return page

    def _tried(self, method: str, address: str, body: bytes, kind: str) -> Page:
        deadline, conflicts, last = time.monotonic() + PATIENCE_SECONDS, 0, "nothing"
        while time.monotonic() < deadline:
            try:
                with self._waiting.on(f"web {method}"):
                    page = self._once(method, address, body, kind)
            except (OSError, http.client.HTTPException) as error:
                last = repr(error)
            else:
                is_conflict = page.status == HTTPStatus.CONFLICT
                conflicts += is_conflict
                if page.status < HTTPStatus.INTERNAL_SERVER_ERROR and (not is_conflict or conflicts > AGAIN):
                    return page
                last = f"{page.status} {page.content[-2_000:]!r}"
                time.sleep(MEANWHILE_SECONDS if is_conflict else 0)
            time.sleep(PAUSE_SECONDS)
        raise AssertionError(f"{method} {address} had no answer in {PATIENCE_SECONDS} s, at last {last}")

    def _once(self, method: str, address: str, body: bytes, kind: str) -> Page:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        try:
            connection.request(method, address, body or None, headers | ({"Content-Type": kind} if kind else {}))
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        leads = urlsplit(answer.headers.get("Location", address))
        return Page(answer.status, leads.path + (f"?{leads.query}" if leads.query else ""), content)


def _multipart(fields: Mapping[str, str], name: str, content: bytes) -> bytes:
    """Return the body of a form that carries a file."""
    parts = [f'Content-Disposition: form-data; name="{each}"\r\n\r\n{value}\r\n'.encode() for each, value in fields.items()]
    head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
    parts.append(head.encode() + content + b"\r\n")
    line = f"--{BOUNDARY}".encode()
    return b"".join(line + b"\r\n" + part for part in parts) + line + b"--\r\n"


class Pages:
    """What the program does on the site's pages: claims at the counter, their review, and payments."""

    def __init__(self, port: int, journal: Path, waiting: Waiting) -> None:
        names = (COUNTER, JUDGE, MAKER, SIGNER)
        self._browsers = {name: Browser(port, name, journal.with_name(f"{journal.name}.{name}"), waiting) for name in names}

    def log_in(self) -> None:
        """Log everybody in."""
        for browser in self._browsers.values():
            browser.log_in()

    def claim(self, code: str, policy: str, key: str) -> tuple[bool, uuid.UUID]:
        """Claim a policy as the counter does; returns whether it was granted at once, and the grant or else the claim."""
        address = f"/enterprise/{code}/claim/{policy}/"
        form = self._browsers[COUNTER].get(address)
        assert 'name="key"' in form.text
        told = dict.fromkeys(ASKED.findall(form.text), "true")
        answer = self._browsers[COUNTER].post(address, {"key": key, **told})
        for is_granted, place in ((True, GRANTED), (False, CLAIMED)):
            if (found := place.fullmatch(answer.address)) and answer.status == HTTPStatus.OK:
                return is_granted, uuid.UUID(found[1])
        raise AssertionError(f"{code} claims {policy}: {answer.status} {answer.address} {answer.text[-3_000:]}")

    def decide(self, claim: uuid.UUID, told: Mapping[str, str], *, is_granted: bool) -> None:
        """Look at a claim with what was judged, and decide it; one that was decided is left so."""
        address = f"/desk/reviews/{claim}/"
        browser = self._browsers[JUDGE]
        if 'name="decision"' not in browser.get(address).text:
            return
        facts = {f"told:{name}": value for name, value in told.items()}
        shown = browser.post(address, facts)
        seen = {"seen": found[1]} if (found := SEEN.search(shown.text)) else {}
        assert bool(seen) or 'name="decision"' not in shown.text, shown.text[-3_000:]
        sent = {"key": str(claim), "decision": "granted" if is_granted else "refused", "reason": "材料齐全", **facts, **seen}
        self._led_to(address, browser.post(f"{address}decide/", sent))
        assert 'name="decision"' not in browser.get(address).text, f"{claim} was answered as decided and is not"

    def withdraw(self, code: str, claim: uuid.UUID) -> None:
        """Take a claim back."""
        address = f"/enterprise/{code}/claims/{claim}/"
        self._led_to(address, self._browsers[COUNTER].post(f"{address}withdraw/", {}))

    def sign(self, batch: uuid.UUID) -> None:
        """Sign a batch as a second person."""
        address = f"/desk/payments/batches/{batch}/"
        self._browsers[SIGNER].get(f"{address}sign/")
        self._led_to(address, self._browsers[SIGNER].post(f"{address}sign/", {"key": str(batch)}))

    def bank_file(self, batch: uuid.UUID) -> bytes:
        """Fetch the file for the bank."""
        page = self._browsers[MAKER].post(f"/desk/payments/batches/{batch}/file/", {})
        assert page.status == HTTPStatus.OK, page.text[-3_000:]
        return page.content

    def load_return(self, batch: uuid.UUID, name: str, content: bytes) -> None:
        """Load what the bank answers."""
        address = f"/desk/payments/batches/{batch}/"
        key = str(uuid.uuid5(batch, content.decode("utf-8-sig")))
        self._led_to(address, self._browsers[MAKER].post(f"{address}return/", {"key": key}, (name, content)))

    def _led_to(self, address: str, page: Page) -> None:
        assert (page.status, page.address) == (HTTPStatus.OK, address), f"{page.status} {page.address}: {page.text[-3_000:]}"
