"""The door of entitlements: runs and their answers, explanations and decisions, grants."""

from zhida_server.entitlements.grants import by_ids, entitlement, entitlements_of, grant_many, grant_within, granted_codes, key_of
from zhida_server.entitlements.lines import eligible

__all__ = [
    "by_ids",
    "eligible",
    "entitlement",
    "entitlements_of",
    "grant_many",
    "grant_within",
    "granted_codes",
    "key_of",
]
