"""Keeps what somebody typed over a lost session: the form travels sealed through the sign-in page.

The seal binds it to the person who typed it; nobody else's sign-in sends it.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass

from py_core.errors import Malformed
from py_core.wire import read_json_object
from server.forms import Form
from server.keys import SigningKey


@dataclass(frozen=True, slots=True)
class Carried:
    """A form on its way through the sign-in page, as text with its seal; empty texts when there is none."""

    text: str = ""
    seal: str = ""


def carry(key: SigningKey, user: str, path: str, form: Form) -> Carried:
    """Seals a form that could not be taken because the session of `user` had ended."""
    fields = {name: list(values) for name, values in form.items() if name != "csrf"}
    text = json.dumps({"user": user, "path": path, "form": fields}, ensure_ascii=False)
    return Carried(text, _seal(key, text))


def unseal(key: SigningKey, carried: Carried, user: str) -> tuple[str, Form] | None:
    """Path and form if this server sealed them for this person; None otherwise."""
    if not hmac.compare_digest(_seal(key, carried.text).encode(), carried.seal.encode("utf-8", "replace")):
        return None
    try:
        data = read_json_object(carried.text.encode("utf-8", "replace"))
    except Malformed:
        return None
    return (data["path"], data["form"]) if data["user"] == user else None


def _seal(key: SigningKey, text: str) -> str:
    return key.tag(b"carried" + text.encode("utf-8", "replace"), 32).hex()
