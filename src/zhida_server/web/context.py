"""What every template knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from zhida_server.people.data import VISITOR
from zhida_server.web.guards import actor_on
from zhida_server.web.navigation import links


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name, whether it is a demonstration, the language of the page, who looks, and the way around."""
    actor = actor_on(request)
    return {
        "site_name": settings.SITE_NAME,
        "is_demo": settings.IS_DEMO,
        "is_english": getattr(request, "LANGUAGE_CODE", "") == "en",
        "actor": actor,
        "is_known": actor != VISITOR,
        "is_representative": bool(actor.enterprise_code),
        "navigation": tuple(links(actor, request.path)),
    }
