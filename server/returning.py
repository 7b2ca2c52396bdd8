"""A device that was enrolled after the backup from which the record came back: taken in again by its enrolment record.

The enrolment record was signed by this record, so it proves whose key it is and since when; nothing has to be believed
of who shows it. A withdrawal that the restore lost has to be done again, like everything that only the centre did.
"""

from __future__ import annotations

from sqlalchemy import Connection

from py_core.enrolment import Enrolment, enrolment_sign_bytes, read_enrolment
from py_core.errors import Malformed, ShouwenError
from server import audit, lineage
from server.devices import Device, device_by_id, put_back
from server.keys import verifies
from server.outside import Entropy
from server.record_keys import chain_of, ed25519_verifies

DEVICE_RETURNED = "device_returned"


class NotReturned(ShouwenError):
    """The device is not taken in again, `code` says why; it has to be enrolled anew."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def take_back(
    connection: Connection, entropy: Entropy, user: str, text: str, signature: bytes, now_ms: int
) -> tuple[Device, bool]:
    """The device of this enrolment record, and whether it was unknown until now; raises `Malformed`, `NotReturned`."""
    enrolment = read_enrolment(text)
    message = enrolment_sign_bytes(text)
    if not any(ed25519_verifies(link.public_key, signature, message) for link in chain_of(connection)):
        raise NotReturned("not_this_record")
    if enrolment.user != user:
        raise NotReturned("device_of_other_person")
    _check_key(enrolment)
    known = device_by_id(connection, enrolment.device)
    if known is not None:
        if known.revoked:
            raise NotReturned("device_revoked")
        return known, False
    taken = [each.taken_at_ms for each in lineage.restores(connection) if each.taken_at_ms is not None]
    if not taken or enrolment.enrolled_at_ms < min(taken):
        # What was enrolled before the oldest backup is in it: this record took the device out by other means.
        raise NotReturned("not_restored")
    device = put_back(connection, entropy, enrolment, signature, now_ms)
    audit.note(connection, now_ms, user, DEVICE_RETURNED, device.id, enrolled_at_ms=enrolment.enrolled_at_ms)
    return device, True


def _check_key(enrolment: Enrolment) -> None:
    key, asked = bytes.fromhex(enrolment.public_key), bytes.fromhex(enrolment.asked)
    if not verifies(enrolment.alg, key, asked, enrolment.asked_bytes):
        raise Malformed("enrolment.asked", "is not this key's signature")
