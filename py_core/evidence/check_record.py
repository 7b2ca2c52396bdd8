"""What of an evidence file is the record's own word: its keys, the seal over the file, its checkpoints, those from outside."""

from __future__ import annotations

from collections.abc import Sequence

from py_core import merkle
from py_core.checkpoint import Checkpoint, log_name, read_note
from py_core.errors import Malformed
from py_core.evidence.ground import Ground, at, moment
from py_core.evidence.lines import Line, seal_sign_bytes
from py_core.key_chain import KeyLink, broken_link, read_links
from py_core.merkle import Head
from py_core.views.language import N_
from py_core.wire import ALG_ED25519


def check_keys(ground: Ground) -> None:
    """Each key of the record is signed by the one before; the first one names the log."""
    line, said = ground.file.one("keys"), ground.file.one("evidence")
    try:
        chain: tuple[KeyLink, ...] = read_links(line["keys"])
    except Malformed as error:
        ground.findings.wrong(at(line), N_("the record's keys cannot be read: %(why)s"), why=str(error))
        return
    broken = broken_link(chain, lambda key, sig, message: ground.verifies(ALG_ED25519, key, sig, message))
    if broken is not None:
        ground.findings.wrong(at(line), N_("key %(n)d of the record is not signed by the one before it"), n=broken)
        return
    if log_name(chain[0].public_key) != said["log"]:
        ground.findings.wrong(at(said), N_("the name of the log does not fit the record's first key"))
        return
    ground.known.keys = chain


def check_known_keys(ground: Ground, known: Sequence[bytes]) -> None:
    """The keys that the checker has from elsewhere are the record's. A file that leaves the newer ones out, or that
    another record made, cannot name them."""
    chain = ground.known.keys
    if not chain:  # which is said above
        return
    for number, public_key in enumerate(known, 1):
        where = f"--key {number}"
        at_n = next((n for n, link in enumerate(chain, 1) if link.public_key == public_key), None)
        if at_n is None:
            message = N_(
                "the record's key that you know is not among the keys in the file: another record made it, or newer "
                "keys were left out"
            )
            ground.findings.wrong(where, message)
        else:
            message = N_("the record's key that you know is key %(n)d of the %(count)d that the file names")
            ground.findings.proven(where, message, n=at_n, count=len(chain))


def check_seal(ground: Ground) -> None:
    """The seal covers every line, in their order, and is the record's."""
    seal = ground.file.one("seal")
    before = [line.sha256 for line in ground.file.lines[:-1]]
    for line, sha256 in zip(ground.file.lines, seal["lines"], strict=False):
        if line is not seal and line.sha256 != sha256:
            ground.findings.wrong(at(line), N_("this line is not the one that was exported"))
    if len(seal["lines"]) != len(before):
        ground.findings.wrong(at(seal), N_("lines were added or taken out after the export"))
    made_at_ms = ground.file.one("evidence")["made_at_ms"]
    if not ground.signed_by_record(bytes.fromhex(seal["sig"]), seal_sign_bytes(seal["lines"]), made_at_ms):
        ground.findings.wrong(at(seal), N_("the seal over the file is not signed by the record's key of that time"))


def check_checkpoint(ground: Ground) -> None:
    """The record signed for a log, which continues its earlier checkpoints."""
    line = ground.file.one("checkpoint")
    checkpoint = _read_checkpoint(ground, line["note"], at(line))
    if checkpoint is not None:
        ground.known.checkpoint = checkpoint
        message = N_("the record has signed for a log of %(size)d acts (%(moment)s)")
        ground.findings.proven(at(line), message, size=checkpoint.acts.size, moment=moment(checkpoint.time_ms))
    for line in ground.file.all("earlier"):
        earlier = _read_checkpoint(ground, line["note"], at(line))
        if earlier is not None and checkpoint is not None and not _continues(line, earlier, checkpoint):
            ground.findings.wrong(at(line), N_("the log does not continue this earlier checkpoint of the record"))


def check_trusted(ground: Ground, trusted: Sequence[str]) -> None:
    """The log continues what somebody outside has kept."""
    checkpoint = ground.known.checkpoint
    if checkpoint is None:
        return
    if not trusted:
        message = N_(
            "no checkpoint from outside was given: whoever runs the record and has its keys could have made all "
            "of this up; compare with a checkpoint that somebody else has kept (--checkpoint)"
        )
        ground.findings.open("", message)
    earlier = {line["note"]: line for line in ground.file.all("earlier")}
    for number, text in enumerate(trusted, 1):
        where = f"--checkpoint {number}"
        kept = _read_checkpoint(ground, text, where)
        if kept is None:
            continue
        line = earlier.get(text)
        same = (kept.acts, kept.registry) == (checkpoint.acts, checkpoint.registry)
        if same or (line is not None and _continues(line, kept, checkpoint)):
            message = N_(
                "the log continues the checkpoint from outside: its first %(size)d acts were there by %(moment)s and "
                "are unchanged"
            )
            ground.findings.proven(where, message, size=kept.acts.size, moment=moment(kept.time_ms))
            ground.known.outside.append((where, kept))
        elif _contradict(kept.acts, checkpoint.acts) or _contradict(kept.registry, checkpoint.registry):
            ground.findings.wrong(where, N_("the record has shown two different histories of the same length"))
        else:
            message = N_(
                "the file holds no proof for the checkpoint from outside (%(size)d acts): have it made anew with "
                "`shouwen evidence … --for` this checkpoint"
            )
            ground.findings.open(where, message, size=kept.acts.size)


def _read_checkpoint(ground: Ground, text: str, where: str) -> Checkpoint | None:
    try:
        signed = read_note(text)
    except Malformed as error:
        ground.findings.wrong(where, N_("the checkpoint cannot be read: %(why)s"), why=str(error))
        return None
    checkpoint = signed.checkpoint
    name = ground.file.one("evidence")["log"]
    message = checkpoint.text().encode()
    good = any(
        signature is not None and ground.signed_by_record(signature, message, checkpoint.time_ms)
        for signature in (signed.by(name, link.public_key) for link in ground.known.keys)
    )
    if checkpoint.origin != name or not good:
        ground.findings.wrong(where, N_("the checkpoint is not signed by this record's key of that time"))
        return None
    return checkpoint


def _continues(line: Line, older: Checkpoint, newer: Checkpoint) -> bool:
    return all(
        merkle.consistent(
            before.size, before.root, after.size, after.root, [bytes.fromhex(step) for step in line[f"{name}_path"]]
        )
        for name, before, after in (("acts", older.acts, newer.acts), ("registry", older.registry, newer.registry))
    )


def _contradict(one: Head, other: Head) -> bool:
    return one.size == other.size and one.root != other.root
