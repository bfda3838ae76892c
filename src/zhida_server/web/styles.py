"""The style of what the engine makes (woven policies, explanations), as sheets of their own: the pages allow no inline style.

The engine limits its rules to the element that they are for, so the page around keeps its own look. A sheet's address ends in its
digest, so that a browser may keep it until it changes.
"""

import hashlib
from collections.abc import Mapping

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from zhida.report import explanation_html, inside, page
from zhida_server.catalogue import service as catalogue
from zhida_server.people.data import Actor
from zhida_server.web import guards

SHEETS: Mapping[str, str] = {
    "woven": catalogue.woven_style()[0],
    "explained": inside.scoped(page.STYLE + explanation_html.STYLE, ".explained"),
}
"""Per class of the element that it is for: its rules."""
DIGESTS: Mapping[str, str] = {name: hashlib.sha256(sheet.encode()).hexdigest()[:12] for name, sheet in SHEETS.items()}
"""What is put behind a sheet's address."""


def style_address(name: str) -> str:
    """Return where a sheet is, for as long as it says the same."""
    return f"{reverse('style', args=[name])}?{DIGESTS[name]}"


@guards.page()
def style(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:  # noqa: ARG001 - the face of a view
    """Answer with one of the sheets."""
    if name not in SHEETS:
        raise Http404
    response = HttpResponse(SHEETS[name], content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
