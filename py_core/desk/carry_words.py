"""What can be wrong with a carried file, in words: what happened, and what to do next. For pages and the command."""

from __future__ import annotations

from collections.abc import Mapping

from py_core.views import language
from py_core.views.language import N_

CARRY_PROBLEMS: Mapping[str, str] = {
    "foreign_file": N_("This is no file of Shouwen. Look for a file whose name begins with shouwen- and take that one."),
    "other_kind": N_(
        "Two kinds of files were mixed up: the outbox (.carry) is for the centre, the receipts (.receipt) are for the device. Take the other one."
    ),
    "newer_format": N_("The file comes from a newer version of Shouwen. Update this side first; the file stays good."),
    "too_large": N_("The file is larger than an outbox can be, so it was not read."),
    "cut": N_(
        "Only a part of the file is here; it was perhaps pulled out before copying ended. Copy it again from where it was made, or save it again there: nothing on the device is lost."
    ),
    "tampered": N_(
        "The file was damaged or changed after it was made, so nothing of it was taken. Copy it again, or save it again on the device: nothing there is lost."
    ),
    "unknown_key": N_(
        "The receipts are signed with a key of the city record that this device has not met yet: the record changed its key. Let the device meet the record once over the network; it learns the key there and gets the receipts as well. Nothing on the device is lost."
    ),
    "unproven": N_(
        "The file does not show that its acts stand in the city record’s log as this device has seen it, so none of them counts as received. If the device has met the network since the outbox was saved, the receipts come by themselves; otherwise save the outbox again and have it taken in again."
    ),
    "record_forked": N_(
        "The file shows another history of the city record than this device has seen. Nothing of it was taken; everything done here is kept. Tell the centre and whoever supervises it, and keep the file: it is evidence."
    ),
    "other_record": N_("The file is encrypted for the record of another city, so it cannot be read here. Bring it to the centre of that city."),
    "other_device": N_("These receipts belong to another device or another person. Unlock the device that the outbox came from and take them there."),
    "device_unknown": N_(
        "The record does not know the device that made this file. Nothing was taken; ask the administrator whether the device was enrolled in this city."
    ),
    "older_record": N_("The city record came back from a backup after it gave these receipts. Have the outbox file taken in again."),
    "quarantine_full": N_(
        "Too many acts of this device wait undecided at the centre, so no more are taken. Decide about those first, then take the file again."
    ),
    "no_carry_key": N_(
        "This device does not know the record's key for carried files yet: it needs one contact with the record first. What waits here is safe."
    ),
    "cannot_check": N_("This browser cannot check the record's signature on a file. The receipts come by themselves when the network is back."),
    "nothing_waits": N_("Nothing waits on this device, so there is nothing to carry."),
    "no_file": N_("Choose a file first."),
}  # fmt: skip


def carry_problem(lang: str, code: str) -> str:
    """The sentence for a code of `CarryRefused`."""
    return language.translate(lang, CARRY_PROBLEMS.get(code, CARRY_PROBLEMS["tampered"]))
