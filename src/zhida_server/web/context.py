"""What every template knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the site's name, whether it is a demonstration, and the language of the page."""
    return {"site_name": settings.SITE_NAME, "is_demo": settings.IS_DEMO, "is_english": getattr(request, "LANGUAGE_CODE", "") == "en"}
