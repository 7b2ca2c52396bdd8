"""What a password must be: long, and nothing that everybody tries first. Must not store anything."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

LENGTH_MIN = 12
LENGTH_MAX = 256
_DIFFERENT_MIN = 5


def fault(password: str, user: str) -> str:
    """Why a password cannot be used: "short", "long", "plain", "common", "name"; empty when it can."""
    if len(password) < LENGTH_MIN:
        return "short"
    if len(password) > LENGTH_MAX:
        return "long"
    if len(set(password)) < _DIFFERENT_MIN:
        return "plain"
    folded = password.casefold()
    if any(common in folded and len(folded) - len(common) < _DIFFERENT_MIN for common in _common()):
        return "common"
    if user and user.casefold() in folded and len(folded) - len(user) < LENGTH_MIN // 2:
        return "name"
    return ""


@cache
def _common() -> tuple[str, ...]:
    text = files("server").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.split() if not line.startswith("#"))
