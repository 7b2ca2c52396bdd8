"""Whether something was left out beside the case: acts of the city's rules, withdrawals of devices, a newer directory.

The registry closes with an inventory at every checkpoint (`py_core.inventory`). The one under a checkpoint that somebody
outside has kept binds even whoever has the record's keys; the one under the file's own checkpoint is the record's word.
"""

from __future__ import annotations

from py_core.checkpoint import Checkpoint
from py_core.city import CITY_ID
from py_core.evidence.ground import Ground, at, moment
from py_core.inventory import Counted, Inventory, counted
from py_core.views.language import N_

_VERSION_WITHOUT = 1  # of files that were made before there were inventories

# Why the due dates are not proven; completes a sentence of `check_law`.
_NOBODY_OUTSIDE = N_("no checkpoint from outside shows which acts of the city's rules there were")
_NOT_TOLD = N_("the file does not say which acts of the city's rules the record had at the checkpoint from outside")
_CHANGED_SINCE = N_(
    "the city's rules, the directory or the packs changed after the checkpoint from outside, and that every change is "
    "here is only the record's word"
)


def check_left_out(ground: Ground) -> None:
    """Compares the file with the inventory of each checkpoint, and says up to when nothing is missing."""
    known = ground.known
    if known.checkpoint is None:
        return
    fits = _compare(ground, at(ground.file.one("checkpoint")), known.checkpoint, is_own=True)
    whole: Checkpoint | None = None
    for where, kept in sorted(known.outside, key=lambda each: (each[1].acts.size, each[1].registry.size)):
        if _compare(ground, where, kept, is_own=False):
            whole = kept
    known.whole_at = whole
    known.doubt = _doubt(ground, whole)
    if whole is None and not fits:  # which is said above
        return
    if whole is None:
        message = N_(
            "that the file has every act of the city's rules (%(acts)d) and every withdrawal or freezing of "
            "a device (%(withdrawn)d) is only the record's word: no checkpoint from outside shows it"
        )
        acts, withdrawn = len(_city_acts(ground)), len(known.endings)
        ground.findings.open("", message, acts=acts, withdrawn=withdrawn)
        return
    message = N_(
        "what came after the checkpoint from outside (%(moment)s), acts of the city's rules, withdrawals and freezings "
        "of devices, another directory, is only the record's word"
    )
    ground.findings.open("", message, moment=moment(whole.time_ms))


def _compare(ground: Ground, where: str, checkpoint: Checkpoint, *, is_own: bool) -> bool:
    """Whether the file has everything that the inventory under this checkpoint counts."""
    then = {"moment": moment(checkpoint.time_ms)}
    said = ground.known.inventories.get(checkpoint.registry.size - 1)
    if said is None and is_own and ground.file.one("evidence")["v"] > _VERSION_WITHOUT:
        ground.findings.wrong(where, N_("the inventory with which the registry ends here was taken out of the file"))
        return False
    if said is None and any(n < checkpoint.registry.size - 1 for n in ground.known.inventories):
        # From the first inventory on the registry ends with one at every checkpoint.
        ground.findings.wrong(where, N_("the inventory with which the registry ends here was taken out of the file"))
        return False
    if said is None:
        message = N_(
            "at this checkpoint (%(moment)s) the file does not say how many acts of the city's rules and withdrawals "
            "and freezings of devices there were (older programs did not write it, or it was taken out): whether some "
            "were left out cannot be seen"
        )
        ground.findings.open(where, message, **then)
        return False
    city = counted(_city_acts(ground, checkpoint.acts.size))
    gone = counted([leaf for n, leaf in sorted(ground.known.endings.items()) if n < checkpoint.registry.size])
    message = N_(
        "the file has %(found)d acts of the city's rules up to %(moment)s; they are not the %(count)d that the record "
        "had: some were left out"
    )
    whole = _fits(ground, where, message, city, said.city, then)
    message = N_(
        "the file has %(found)d withdrawals and freezings of devices up to %(moment)s; they are not the %(count)d that "
        "the registry had: some were left out"
    )
    whole &= _fits(ground, where, message, gone, said.withdrawn, then)
    if _is_older(ground, said, is_own):
        message = N_("the file has another directory or other packs than the record worked with at %(moment)s")
        ground.findings.wrong(where, message, **then)
        return False
    if whole and not is_own:
        message = N_(
            "up to %(moment)s nothing was left out beside the case: all %(acts)d acts of the city's rules and all "
            "%(withdrawn)d withdrawals and freezings of devices are here"
        )
        ground.findings.proven(where, message, acts=city.count, withdrawn=gone.count, **then)
    return whole


def _fits(ground: Ground, where: str, message: str, found: Counted, said: Counted, then: dict[str, str]) -> bool:
    if found != said:
        ground.findings.wrong(where, message, found=found.count, count=said.count, **then)
    return found == said


def _is_older(ground: Ground, said: Inventory, is_own: bool) -> bool:
    """The file has the texts of its own checkpoint, and no older directory than there was at one from outside."""
    known = ground.known
    if is_own:
        return (known.directory_at, known.law_at) != (said.directory, said.law)
    return said.directory is not None and (known.directory_at is None or known.directory_at < said.directory)


def _city_acts(ground: Ground, before: int | None = None) -> list[str]:
    """The hashes of the city document's acts with a number below `before`."""
    lines = (line for line in ground.file.all("act") if line["case"] == CITY_ID)
    return [line["hash"] for line in lines if before is None or line["log_index"] < before]


def _doubt(ground: Ground, whole: Checkpoint | None) -> str:
    """Why the rules by which the due dates are counted may not be all of them; empty when they are."""
    if whole is None:
        return _NOT_TOLD if ground.known.outside else _NOBODY_OUTSIDE
    said = ground.known.inventories[whole.registry.size - 1]
    of_then = (said.directory, said.law) == (ground.known.directory_at, ground.known.law_at)
    return "" if of_then and len(_city_acts(ground)) == said.city.count else _CHANGED_SINCE
