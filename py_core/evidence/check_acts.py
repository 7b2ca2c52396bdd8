"""Whether the acts of an evidence file are those that their devices signed, all in the log, and erased only by an act."""

from __future__ import annotations

from datetime import UTC, datetime

from py_core import merkle
from py_core.cases.acts import Act, RecordedAct, read_act
from py_core.cases.commands import COMMANDS
from py_core.change import ActChange, decode_act_change, sign_bytes
from py_core.checkpoint import act_leaf
from py_core.city import CITY_ID
from py_core.errors import Malformed
from py_core.evidence.findings import Id
from py_core.evidence.ground import SERVER, Ground, at
from py_core.evidence.lines import Line
from py_core.merkle import Head
from py_core.residue import hashes_digest
from py_core.values import local
from py_core.views.language import N_
from py_core.wire import receipt_sign_bytes


def check_acts(ground: Ground) -> None:
    """Every act is in the log and what its device signed, with all that it rests on."""
    last = -1
    seen: dict[str, set[str]] = {ground.case: set(), CITY_ID: set()}
    for line in ground.file.all("act"):
        if line["case"] not in seen:
            ground.findings.wrong(at(line), N_("this act belongs to another case"))
            continue
        if line["log_index"] <= last:
            ground.findings.wrong(at(line), N_("the acts do not stand in the order of the log"))
        last = line["log_index"]
        change_hash = line["hash"]
        if not _in_log(ground, line):
            continue
        if line["raw"] is None:
            ground.known.erased.append(change_hash)
            seen[line["case"]].add(change_hash)
            _erased_act(ground, line)
            continue
        taken = _signed_act(ground, line)
        if taken is None:
            continue
        change, act, voucher = taken
        missing = [cause for cause in change.causes if cause not in seen[line["case"]]]
        if missing:
            ground.findings.wrong(at(line), N_("what this act rests on is missing: acts were left out"))
        seen[line["case"]].add(change_hash)
        received_at = datetime.fromtimestamp(line["received_at_ms"] / 1000, UTC)
        recorded = RecordedAct(change_hash, change.causes, act, received_at, line["log_index"])
        ground.known.acts.setdefault(line["case"], []).append(recorded)
        if voucher:
            _vouched_act(ground, line, act, voucher)
        elif line["case"] == ground.case:
            message = N_("act %(n)d (%(kind)s): signed on device %(device)s for %(user)s, in the log")
            kind = Id(COMMANDS[act.kind].title) if act.kind in COMMANDS else act.kind
            said = {"n": line["log_index"], "kind": kind, "device": act.device[:8], "user": act.user}
            ground.findings.proven(at(line), message, **said)
    if not ground.known.acts.get(ground.case) and not ground.known.erased:
        ground.findings.wrong("", N_("the file holds no act of its case"))
    message = N_(
        "whether further acts of this case are in the log cannot be seen from the file: whoever has a receipt for "
        "one compares it with the %(count)d acts here"
    )
    ground.findings.open("", message, count=len(ground.known.acts.get(ground.case, ())))


def _erased_act(ground: Ground, line: Line) -> None:
    """Of an act without its content: the hash is in the log, and what the device signed was that hash."""
    message = sign_bytes(line["case"], line["hash"])
    signature = bytes.fromhex(line["sig"])
    for name, device in ground.known.devices.items():
        if line["alg"] == device.alg and ground.verifies(device.alg, device.public_key, signature, message):
            said = {"n": line["log_index"], "device": name[:8], "user": device.user or SERVER}
            text = N_(
                "act %(n)d: its content was erased, its hash and the signature of device %(device)s (%(user)s) stand"
            )
            ground.findings.proven(at(line), text, **said)
            return
    ground.findings.wrong(
        at(line), N_("the hash of act %(n)d is signed by no device of the registry"), n=line["log_index"]
    )


def check_erasure(ground: Ground) -> None:
    """Contents may be missing only where the record itself says, in an act of the same case, that it erased them."""
    said = [
        (recorded, event)
        for recorded in ground.known.acts.get(ground.case, ())
        if recorded.act.device == SERVER
        for event in recorded.act.events
        if event.get("type") == "content_erased"
    ]
    if not said and not ground.known.erased:
        return
    if not said or hashes_digest(ground.known.erased) != said[-1][1].get("hashes"):
        message = N_("contents are missing, and no act of the case says that exactly these were erased")
        ground.findings.wrong("", message)
        return
    recorded, event = said[-1]
    message = N_(
        "the record erased the content of this case on %(day)s under rule “%(rule)s” (%(years)s years, kept until "
        "%(until)s), for which %(user)s answers; %(count)d hashes stand"
    )
    ground.findings.proven(
        f"act {recorded.log_index}", message, day=local(recorded.act.occurred_at).date().isoformat(),
        rule=event.get("rule"), years=event.get("years"), until=event.get("kept_until"), user=recorded.act.user,
        count=len(ground.known.erased),
    )  # fmt: skip


def _in_log(ground: Ground, line: Line) -> bool:
    checkpoint = ground.known.checkpoint
    head = Head(0, merkle.EMPTY_ROOT) if checkpoint is None else checkpoint.acts
    path = [bytes.fromhex(step) for step in line["path"]]
    leaf = act_leaf(line["case"], line["hash"], line["received_at_ms"])
    included = merkle.included(leaf, line["log_index"], head.size, path, head.root)
    if not included:
        message = N_("act %(n)d with this case and arrival is not in the log that the checkpoint stands for")
        ground.findings.wrong(at(line), message, n=line["log_index"])
    receipt = receipt_sign_bytes(line["case"], line["hash"], line["log_index"], line["received_at_ms"])
    signed = ground.signed_by_record(bytes.fromhex(line["receipt"]), receipt, line["received_at_ms"])
    if not signed:
        message = N_("the receipt of act %(n)d is not signed by the record's key of that time")
        ground.findings.wrong(at(line), message, n=line["log_index"])
    return included and signed


def _vouched_act(ground: Ground, line: Line, act: Act, voucher: str) -> None:
    """Of an act that came back into a restored record by a device that held it: its author's signature was lost."""
    device = ground.known.devices[voucher]
    said = {"n": line["log_index"], "user": act.user, "device": voucher[:8], "who": device.user or SERVER}
    message = N_(
        "act %(n)d says that it is %(user)s's; its author's signature is not in the file: the record lost it and took "
        "the act back from device %(device)s of %(who)s, which vouches that it held it"
    )
    ground.findings.open(at(line), message, **said)


def _voucher(ground: Ground, line: Line, author: str) -> str | None:
    """Which other device of a person signed for an act; None: none did."""
    message, signature = sign_bytes(line["case"], line["hash"]), bytes.fromhex(line["sig"])
    for name, device in ground.known.devices.items():
        if name in (author, SERVER) or device.user is None or line["alg"] != device.alg:
            continue
        if ground.verifies(device.alg, device.public_key, signature, message):
            return name
    return None


def _signed_act(ground: Ground, line: Line) -> tuple[ActChange, Act, str] | None:
    """The act if it is what its device signed, in the name of the device's person; with the device that vouches for
    it in its author's place, if one does."""
    wrong, where = ground.findings.wrong, at(line)
    try:
        change = decode_act_change(bytes.fromhex(line["raw"]))
        act = read_act(change.text)
    except Malformed as error:
        wrong(where, N_("the act cannot be read: %(why)s"), why=str(error))
        return None
    device = ground.known.devices.get(act.device)
    if change.hash != line["hash"]:
        wrong(where, N_("the act's bytes do not have the hash that is in the log"))
    elif voucher := _voucher(ground, line, act.device):
        return change, act, voucher
    elif device is None:
        wrong(where, N_("device %(device)s is not in the registry"), device=act.device)
    elif line["alg"] != device.alg or not ground.verifies(
        device.alg, device.public_key, bytes.fromhex(line["sig"]), sign_bytes(line["case"], change.hash)
    ):
        wrong(where, N_("the act is not signed by device %(device)s"), device=act.device)
    elif device.user is not None and device.user != act.user:
        wrong(where, N_("the act names %(user)s, its device is %(owner)s's"), user=act.user, owner=device.user)
    elif ground.known.actors.get(change.actor) != act.device:
        wrong(where, N_("the actor of the act was not announced by its device"))
    else:
        return change, act, ""
    return None
