"""Masked forms of phone and identity numbers, so that a page shows enough to recognise and no more."""

from __future__ import annotations

_DOT = "*"


def mask_phone(number: str) -> str:
    """Keeps the first three and last two digits of a mobile number, the last two of a shorter one.

    >>> mask_phone("13812345678")
    '138******78'
    """
    return _masked(number, 3 if len(number) >= 11 else 0, 2)


def mask_identity(number: str) -> str:
    """Keeps the first and the last two characters of an ID number or credit code.

    >>> mask_identity("320281199001011234")
    '32**************34'
    """
    return _masked(number, 2, 2)


def mask_name(name: str) -> str:
    """Keeps the first character of a person's name (for pages that anybody can open)."""
    return name[:1] + _DOT * max(len(name) - 1, 0)


def _masked(text: str, head: int, tail: int) -> str:
    if len(text) <= head + tail:
        return _DOT * len(text)
    return text[:head] + _DOT * (len(text) - head - tail) + text[-tail:]
