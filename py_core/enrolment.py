"""The enrolment record: whose device a signing key is, since when, vouched for by the device itself and by the record.

The device signs its request while the person is signed in and has set the passphrase, so the key is in use by who asks;
the city record signs what came of it. Both signatures stay with the device and in the record: years later they show
that a key was this person's at that time. Pure: signatures are made and checked elsewhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from py_core.errors import Malformed
from py_core.wire import read_json_object

_FORM = {"alg": int, "asked": str, "code": str, "device": str, "enrolled_at_ms": int, "name": str, "public_key": str}
_FORM |= {"user": str, "v": int}
VERSION = 1


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an enrolment record says; `asked` is the device's own signature (hex) over `enrol_sign_bytes`."""

    device: str
    code: str
    user: str
    name: str
    alg: int
    public_key: str
    enrolled_at_ms: int
    asked: str

    @property
    def text(self) -> str:
        """The record as it is signed: canonical JSON."""
        fields = {name: getattr(self, name) for name in _FORM if name != "v"} | {"v": VERSION}
        return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def asked_bytes(self) -> bytes:
        """What the device signed."""
        return enrol_sign_bytes(self.user, self.alg, bytes.fromhex(self.public_key), self.name)


def enrol_sign_bytes(user: str, alg: int, public_key: bytes, name: str) -> bytes:
    """What a device signs to be taken in: this key, used by itself, for this person, under this name."""
    return b"shouwen-enrol-1" + bytes([alg]) + public_key + user.encode() + b"\0" + name.encode()


def enrolment_sign_bytes(text: str) -> bytes:
    """What the city record signs."""
    return b"shouwen-enrolment-1" + text.encode()


def read_enrolment(text: str) -> Enrolment:
    """Reads an enrolment record that came from outside; raises `Malformed` unless it is in its one form."""
    data = read_json_object(text.encode())
    if set(data) != set(_FORM) or any(type(data[name]) is not form for name, form in _FORM.items()):
        raise Malformed("enrolment", "does not have the fields of an enrolment record")
    if data.pop("v") != VERSION:
        raise Malformed("enrolment", "is of a later version")
    try:
        bytes.fromhex(data["public_key"] + data["asked"])
    except ValueError as error:
        raise Malformed("enrolment", "has a key or signature that is no hex") from error
    enrolment = Enrolment(**data)
    if not 0 <= enrolment.alg <= 255 or enrolment.text != text:
        raise Malformed("enrolment", "is not in its canonical form")
    return enrolment
