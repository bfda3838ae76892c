"""Unified social credit codes of enterprises that do not exist: right in form and check, wrong on purpose where asked.

A code is two digits of authority and kind, six of the region, the organisation's number with its own check character
(GB 11714) and a check character over all (GB 32100-2015).
"""

from stdnum.cn import uscc

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The characters of a code; I, O, S, V and Z are easily misread and left out."""
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
"""Weights of the check character of an organisation's number (GB 11714)."""


def social_credit_code(authority: str, region: str, organisation: str) -> str:
    """Return a unified social credit code with the check characters of both its organisation's number and the whole.

    Args:
        authority: Two digits: registering authority and kind of organisation.
        region: Six digits.
        organisation: The eight characters of the organisation's number before its check character.

    >>> social_credit_code("91", "990001", "HC000123")
    '91990001HC0001238U'
    """
    total = sum(int(character, 36) * weight for character, weight in zip(organisation, ORGANISATION_WEIGHTS, strict=True))
    check = "0123456789X0"[11 - total % 11]
    code = f"{authority}{region}{organisation}{check}"
    return code + uscc.calc_check_digit(code)


def mistyped(code: str) -> str:
    """Return the code with another last character, so that its check fails.

    >>> mistyped("91350100M000100Y43")
    '91350100M000100Y44'
    """
    wrong = code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 1) % len(ALPHABET)]
    assert not uscc.is_valid(wrong), wrong
    return wrong
