"""Salesforce record ids: 15 characters that distinguish case, or 18 with a checksum that makes case redundant.

Source: crm_analytics.md 2.3 (H; the checksum was checked there against real ids).
"""

PREFIXES = {"dataflow": "02K", "recipe": "05v", "data_sync": "0It", "failed_job": "030", "job": "03C"}

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def checksum(short: str) -> str:
    """Return the three characters that turn a 15-character id into an 18-character one.

    Each stands for a block of five: bit i is set when its character i is an upper-case letter.
    """
    blocks = (short[start : start + 5] for start in (0, 5, 10))
    return "".join(_ALPHABET[sum(1 << i for i, char in enumerate(block) if "A" <= char <= "Z")] for block in blocks)


def long_id(short: str) -> str:
    """Return the 18-character form."""
    return short + checksum(short)


def make_id(prefix: str, number: int) -> str:
    """Return the 18-character id of the n-th record of a type, in an org that calls itself 5e."""
    digits = ""
    for _ in range(4):
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return long_id(f"{prefix}5e000000{digits}")


def short_id(given: str) -> str | None:
    """Return the 15-character key of an id in either form, None when it is neither."""
    if len(given) == 15:
        return given
    if len(given) == 18 and checksum(given[:15]) == given[15:]:
        return given[:15]
    return None
