"""How often an address may do what anybody may do, so that one visitor does not drown out the others."""

import time

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest


def is_too_often(request: HttpRequest, act: str, *, most: int, seconds: int) -> bool:
    """Count an act of an address, and say whether it was done too often; counts hold over processes.

    Args:
        request: Where it comes from.
        act: What is done.
        most: How often it may be done in a window.
        seconds: How long a window is; counting begins anew with the next.
    """
    window = int(time.time()) // seconds
    key = f"limit:{act}:{get_adapter(request).get_client_ip(request)}:{window}"
    cache.add(key, 0, seconds + 1)
    try:
        return int(cache.incr(key)) > most
    except ValueError:  # the entry ended between the two lines: a new window has begun
        return False
