"""Checks an evidence file: what in it is proven, by whose signature, and what is not. Without record or network.

The host brings `verifies` (signatures) and the checkpoints that it trusts. Raises `Malformed` for a file that has not
the agreed form; everything else is a finding. Must believe nothing in the file that no signature or hash covers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from py_core import merkle
from py_core.cases.acts import Act, RecordedAct, canonical_json, read_act
from py_core.cases.commands import COMMANDS
from py_core.change import ActChange, actor_sign_bytes, decode_act_change, sign_bytes
from py_core.checkpoint import Checkpoint, act_leaf, log_name, read_note, registry_leaf
from py_core.city import CITY_ID
from py_core.directory import read_directory
from py_core.enrolment import enrolment_sign_bytes, read_enrolment
from py_core.errors import Malformed
from py_core.evidence.findings import Findings, Id
from py_core.evidence.judging import judge, read_law
from py_core.evidence.lines import EvidenceFile, Line, seal_sign_bytes
from py_core.key_chain import KeyLink, broken_link, read_links
from py_core.merkle import Head
from py_core.reporters import TOLD, is_reporter_id
from py_core.residue import hashes_digest
from py_core.values import local
from py_core.views.language import N_
from py_core.wire import ALG_ED25519, beacon_time_ms, read_json_object, receipt_sign_bytes

Verifies = Callable[[int, bytes, bytes, bytes], bool]
"""Whether (alg, public key, signature, message) fit together."""

_SERVER = "server"
_TOLERANCE_MS = 6_000  # acts have whole seconds, and an answer is on its way for a moment


@dataclass(slots=True)
class _Device:
    user: str | None
    alg: int
    public_key: bytes
    withdrawn_at_ms: int | None = None
    enrolment: str | None = None  # the SHA-256 of its enrolment record


@dataclass(slots=True)
class _Proven:
    """What has been established so far and may be built upon."""

    keys: tuple[bytes, ...] = ()
    checkpoint: Checkpoint | None = None
    devices: dict[str, _Device] = field(default_factory=dict)
    directories: dict[int, str] = field(default_factory=dict)  # version → SHA-256
    law: dict[str, str] = field(default_factory=dict)  # path → SHA-256
    actors: dict[str, str] = field(default_factory=dict)
    acts: dict[str, list[RecordedAct]] = field(default_factory=dict)
    erased: list[str] = field(default_factory=list)  # hashes in the order of the log


class EvidenceCheck:
    """One check of one file."""

    def __init__(self, file: EvidenceFile, verifies: Verifies, trusted: Sequence[str] = ()) -> None:
        self._file = file
        self._verifies = verifies
        self._trusted = trusted
        self._case: str = file.one("evidence")["case"]
        self._known = _Proven()
        self.findings = Findings()

    def run(self) -> Findings:
        """Every finding; a file with one that is `wrong` must not be believed."""
        self._check_keys()
        self._check_seal()
        self._check_checkpoint()
        self._check_trusted()
        self._check_registry()
        self._check_enrolments()
        self._check_texts()
        self._check_actors()
        self._check_acts()
        self._check_erasure()
        self._check_times()
        self._check_law()
        return self.findings

    def _check_keys(self) -> None:
        line, said = self._file.one("keys"), self._file.one("evidence")
        try:
            chain: tuple[KeyLink, ...] = read_links(line["keys"])
        except Malformed as error:
            self.findings.wrong(_at(line), N_("the record's keys cannot be read: %(why)s"), why=str(error))
            return
        broken = broken_link(chain, lambda key, sig, message: self._verifies(ALG_ED25519, key, sig, message))
        if broken is not None:
            self.findings.wrong(_at(line), N_("key %(n)d of the record is not signed by the one before it"), n=broken)
            return
        if log_name(chain[0].public_key) != said["log"]:
            self.findings.wrong(_at(said), N_("the name of the log does not fit the record's first key"))
            return
        self._known.keys = tuple(link.public_key for link in chain)

    def _check_seal(self) -> None:
        seal = self._file.one("seal")
        before = [line.sha256 for line in self._file.lines[:-1]]
        for line, sha256 in zip(self._file.lines, seal["lines"], strict=False):
            if line is not seal and line.sha256 != sha256:
                self.findings.wrong(_at(line), N_("this line is not the one that was exported"))
        if len(seal["lines"]) != len(before):
            self.findings.wrong(_at(seal), N_("lines were added or taken out after the export"))
        if not self._signed_by_record(bytes.fromhex(seal["sig"]), seal_sign_bytes(seal["lines"])):
            self.findings.wrong(_at(seal), N_("the seal over the file is not signed by the record"))

    def _check_checkpoint(self) -> None:
        line = self._file.one("checkpoint")
        checkpoint = self._read_checkpoint(line["note"], _at(line))
        if checkpoint is not None:
            self._known.checkpoint = checkpoint
            moment = _moment(checkpoint.time_ms)
            message = N_("the record has signed for a log of %(size)d acts (%(moment)s)")
            self.findings.proven(_at(line), message, size=checkpoint.acts.size, moment=moment)
        for line in self._file.all("earlier"):
            earlier = self._read_checkpoint(line["note"], _at(line))
            if earlier is not None and checkpoint is not None and not _continues(line, earlier, checkpoint):
                self.findings.wrong(_at(line), N_("the log does not continue this earlier checkpoint of the record"))

    def _check_trusted(self) -> None:
        checkpoint = self._known.checkpoint
        if checkpoint is None:
            return
        if not self._trusted:
            message = N_(
                "no checkpoint from outside was given: whoever runs the record and has its keys could have made all "
                "of this up; compare with a checkpoint that somebody else has kept (--checkpoint)"
            )
            self.findings.open("", message)
        earlier = {line["note"]: line for line in self._file.all("earlier")}
        for number, text in enumerate(self._trusted, 1):
            where = f"--checkpoint {number}"
            kept = self._read_checkpoint(text, where)
            if kept is None:
                continue
            line = earlier.get(text)
            same = (kept.acts, kept.registry) == (checkpoint.acts, checkpoint.registry)
            if same or (line is not None and _continues(line, kept, checkpoint)):
                message = N_(
                    "the log continues the checkpoint from outside: its first %(size)d acts were there by %(moment)s and "
                    "are unchanged"
                )
                self.findings.proven(where, message, size=kept.acts.size, moment=_moment(kept.time_ms))
            elif _contradict(kept.acts, checkpoint.acts) or _contradict(kept.registry, checkpoint.registry):
                self.findings.wrong(where, N_("the record has shown two different histories of the same length"))
            else:
                message = N_(
                    "the file holds no proof for the checkpoint from outside (%(size)d acts): have it made anew with "
                    "`shouwen evidence … --for` this checkpoint"
                )
                self.findings.open(where, message, size=kept.acts.size)

    def _read_checkpoint(self, text: str, where: str) -> Checkpoint | None:
        try:
            signed = read_note(text)
        except Malformed as error:
            self.findings.wrong(where, N_("the checkpoint cannot be read: %(why)s"), why=str(error))
            return None
        checkpoint = signed.checkpoint
        name = self._file.one("evidence")["log"]
        signatures = [signed.by(name, key) for key in self._known.keys]
        good = any(
            signature is not None and self._verifies(ALG_ED25519, key, signature, checkpoint.text().encode())
            for key, signature in zip(self._known.keys, signatures, strict=True)
        )
        if checkpoint.origin != name or not good:
            self.findings.wrong(where, N_("the checkpoint is not signed by this record"))
            return None
        return checkpoint

    def _check_registry(self) -> None:
        checkpoint = self._known.checkpoint
        for line in self._file.all("registry"):
            head = Head(0, merkle.EMPTY_ROOT) if checkpoint is None else checkpoint.registry
            path = [bytes.fromhex(step) for step in line["path"]]
            if not merkle.included(registry_leaf(line["text"]), line["n"], head.size, path, head.root):
                self.findings.wrong(_at(line), N_("this entry is not in the registry that the checkpoint stands for"))
                continue
            try:
                self._take_entry(read_json_object(line["text"].encode()))
            except (Malformed, KeyError, TypeError, ValueError, AttributeError) as error:
                self.findings.wrong(_at(line), N_("the registry's entry cannot be read: %(why)s"), why=str(error))

    def _take_entry(self, entry: dict[str, Any]) -> None:
        known = self._known
        if entry["kind"] == "device":
            key = bytes.fromhex(entry["public_key"])
            known.devices[entry["device"]] = _Device(entry["user"], entry["alg"], key, enrolment=entry["enrolment"])
        elif entry["kind"] == "device_withdrawn":
            known.devices[entry["device"]].withdrawn_at_ms = int(entry["at_ms"])
        elif entry["kind"] == "directory":
            known.directories[int(entry["version"])] = str(entry["sha256"])
        elif entry["kind"] == "law":
            known.law = {str(path): str(sha256) for path, sha256 in entry["files"].items()}

    def _check_enrolments(self) -> None:
        vouched = set()
        for line in self._file.all("enrolment"):
            device = self._known.devices.get(line["device"])
            try:
                enrolment = read_enrolment(line["text"])
            except (Malformed, UnicodeError) as error:
                self.findings.wrong(_at(line), N_("the enrolment record cannot be read: %(why)s"), why=str(error))
                continue
            if device is None or _sha256(line["text"]) != device.enrolment or enrolment.device != line["device"]:
                self.findings.wrong(_at(line), N_("the enrolment record is not the one in the registry"))
            elif (enrolment.user, enrolment.alg, enrolment.public_key) != (
                device.user, device.alg, device.public_key.hex(),
            ):  # fmt: skip
                self.findings.wrong(_at(line), N_("the enrolment record names another person or key"))
            elif not self._verifies(
                device.alg, device.public_key, bytes.fromhex(enrolment.asked), enrolment.asked_bytes
            ) or not self._signed_by_record(bytes.fromhex(line["sig"]), enrolment_sign_bytes(line["text"])):
                self.findings.wrong(_at(line), N_("the enrolment record is not signed by the device and the record"))
            else:
                vouched.add(line["device"])
                message = N_("device %(device)s (%(name)s) was enrolled for %(user)s: it and the record have signed it")
                self.findings.proven(
                    _at(line), message, device=enrolment.code, name=enrolment.name, user=enrolment.user
                )
        for device_id, device in self._known.devices.items():
            if device.user is not None and device_id not in vouched:
                message = N_("that the key of device %(device)s is %(user)s's is only the record's word")
                self.findings.open("", message, device=device_id, user=device.user)

    def _check_texts(self) -> None:
        for line in self._file.all("directory"):
            if self._known.directories.get(line["version"]) != _sha256(line["text"]):
                self.findings.wrong(_at(line), N_("this directory is not the one that the registry holds the hash of"))
        if {line["version"] for line in self._file.all("directory")} != set(self._known.directories) or not (
            self._known.directories
        ):
            self.findings.wrong("", N_("the directory that the record worked with is missing"))
        texts = {line["path"]: line for line in self._file.all("law")}
        for path, line in texts.items():
            if self._known.law.get(path) != _sha256(line["text"]):
                self.findings.wrong(_at(line), N_("%(path)s is not the text that the record worked with"), path=path)
        for path in sorted(self._known.law.keys() - texts.keys()):
            self.findings.wrong("", N_("%(path)s, which the record worked with, is missing"), path=path)

    def _check_actors(self) -> None:
        for line in self._file.all("actor"):
            device = self._known.devices.get(line["device"])
            signature = bytes.fromhex(line["sig"])
            if device is None:
                self.findings.wrong(_at(line), N_("device %(device)s is not in the registry"), device=line["device"])
            elif line["alg"] != device.alg or not self._verifies(
                device.alg, device.public_key, signature, actor_sign_bytes(line["actor"], line["device"])
            ):
                self.findings.wrong(_at(line), N_("the announcement of this actor is not signed by its device"))
            else:
                self._known.actors[line["actor"]] = line["device"]

    def _check_acts(self) -> None:
        last = -1
        seen: dict[str, set[str]] = {self._case: set(), CITY_ID: set()}
        for line in self._file.all("act"):
            if line["case"] not in seen:
                self.findings.wrong(_at(line), N_("this act belongs to another case"))
                continue
            if line["log_index"] <= last:
                self.findings.wrong(_at(line), N_("the acts do not stand in the order of the log"))
            last = line["log_index"]
            change_hash = line["hash"]
            if not self._in_log(line):
                continue
            if line["raw"] is None:
                self._known.erased.append(change_hash)
                seen[line["case"]].add(change_hash)
                self._erased_act(line)
                continue
            taken = self._signed_act(line)
            if taken is None:
                continue
            change, act, voucher = taken
            missing = [cause for cause in change.causes if cause not in seen[line["case"]]]
            if missing:
                self.findings.wrong(_at(line), N_("what this act rests on is missing: acts were left out"))
            seen[line["case"]].add(change_hash)
            received_at = datetime.fromtimestamp(line["received_at_ms"] / 1000, UTC)
            recorded = RecordedAct(change_hash, change.causes, act, received_at, line["log_index"])
            self._known.acts.setdefault(line["case"], []).append(recorded)
            if voucher:
                self._vouched_act(line, act, voucher)
            elif line["case"] == self._case:
                message = N_("act %(n)d (%(kind)s): signed on device %(device)s for %(user)s, in the log")
                kind = Id(COMMANDS[act.kind].title) if act.kind in COMMANDS else act.kind
                said = {"n": line["log_index"], "kind": kind, "device": act.device[:8], "user": act.user}
                self.findings.proven(_at(line), message, **said)
        if not self._known.acts.get(self._case) and not self._known.erased:
            self.findings.wrong("", N_("the file holds no act of its case"))
        message = N_(
            "whether further acts of this case are in the log cannot be seen from the file: whoever has a receipt for "
            "one compares it with the %(count)d acts here"
        )
        self.findings.open("", message, count=len(self._known.acts.get(self._case, ())))

    def _erased_act(self, line: Line) -> None:
        """Of an act without its content: the hash is in the log, and what the device signed was that hash."""
        message = sign_bytes(line["case"], line["hash"])
        signature = bytes.fromhex(line["sig"])
        for name, device in self._known.devices.items():
            if line["alg"] == device.alg and self._verifies(device.alg, device.public_key, signature, message):
                said = {"n": line["log_index"], "device": name[:8], "user": device.user or _SERVER}
                text = N_(
                    "act %(n)d: its content was erased, its hash and the signature of device %(device)s (%(user)s) stand"
                )
                self.findings.proven(_at(line), text, **said)
                return
        self.findings.wrong(
            _at(line), N_("the hash of act %(n)d is signed by no device of the registry"), n=line["log_index"]
        )

    def _check_erasure(self) -> None:
        """Contents may be missing only where the record itself says, in an act of the same case, that it erased them."""
        said = [
            (recorded, event)
            for recorded in self._known.acts.get(self._case, ())
            if recorded.act.device == _SERVER
            for event in recorded.act.events
            if event.get("type") == "content_erased"
        ]
        if not said and not self._known.erased:
            return
        if not said or hashes_digest(self._known.erased) != said[-1][1].get("hashes"):
            message = N_("contents are missing, and no act of the case says that exactly these were erased")
            self.findings.wrong("", message)
            return
        recorded, event = said[-1]
        message = N_(
            "the record erased the content of this case on %(day)s under rule “%(rule)s” (%(years)s years, kept until "
            "%(until)s), for which %(user)s answers; %(count)d hashes stand"
        )
        self.findings.proven(
            f"act {recorded.log_index}", message, day=local(recorded.act.occurred_at).date().isoformat(),
            rule=event.get("rule"), years=event.get("years"), until=event.get("kept_until"), user=recorded.act.user,
            count=len(self._known.erased),
        )  # fmt: skip

    def _in_log(self, line: Line) -> bool:
        checkpoint = self._known.checkpoint
        head = Head(0, merkle.EMPTY_ROOT) if checkpoint is None else checkpoint.acts
        path = [bytes.fromhex(step) for step in line["path"]]
        leaf = act_leaf(line["case"], line["hash"], line["received_at_ms"])
        included = merkle.included(leaf, line["log_index"], head.size, path, head.root)
        if not included:
            message = N_("act %(n)d with this case and arrival is not in the log that the checkpoint stands for")
            self.findings.wrong(_at(line), message, n=line["log_index"])
        receipt = receipt_sign_bytes(line["case"], line["hash"], line["log_index"], line["received_at_ms"])
        signed = self._signed_by_record(bytes.fromhex(line["receipt"]), receipt)
        if not signed:
            self.findings.wrong(
                _at(line), N_("the receipt of act %(n)d is not signed by the record"), n=line["log_index"]
            )
        return included and signed

    def _vouched_act(self, line: Line, act: Act, voucher: str) -> None:
        """Of an act that came back into a restored record by a device that held it: its author's signature was lost."""
        device = self._known.devices[voucher]
        said = {"n": line["log_index"], "user": act.user, "device": voucher[:8], "who": device.user or _SERVER}
        message = N_(
            "act %(n)d says that it is %(user)s's; its author's signature is not in the file: the record lost it and took "
            "the act back from device %(device)s of %(who)s, which vouches that it held it"
        )
        self.findings.open(_at(line), message, **said)

    def _voucher(self, line: Line, author: str) -> str | None:
        """Which other device of a person signed for an act; None: none did."""
        message, signature = sign_bytes(line["case"], line["hash"]), bytes.fromhex(line["sig"])
        for name, device in self._known.devices.items():
            if name in (author, _SERVER) or device.user is None or line["alg"] != device.alg:
                continue
            if self._verifies(device.alg, device.public_key, signature, message):
                return name
        return None

    def _signed_act(self, line: Line) -> tuple[ActChange, Act, str] | None:
        """The act if it is what its device signed, in the name of the device's person; with the device that vouches for
        it in its author's place, if one does."""
        wrong, where = self.findings.wrong, _at(line)
        try:
            change = decode_act_change(bytes.fromhex(line["raw"]))
            act = read_act(change.text)
        except Malformed as error:
            wrong(where, N_("the act cannot be read: %(why)s"), why=str(error))
            return None
        device = self._known.devices.get(act.device)
        if change.hash != line["hash"]:
            wrong(where, N_("the act's bytes do not have the hash that is in the log"))
        elif voucher := self._voucher(line, act.device):
            return change, act, voucher
        elif device is None:
            wrong(where, N_("device %(device)s is not in the registry"), device=act.device)
        elif line["alg"] != device.alg or not self._verifies(
            device.alg, device.public_key, bytes.fromhex(line["sig"]), sign_bytes(line["case"], change.hash)
        ):
            wrong(where, N_("the act is not signed by device %(device)s"), device=act.device)
        elif device.user is not None and device.user != act.user:
            wrong(where, N_("the act names %(user)s, its device is %(owner)s's"), user=act.user, owner=device.user)
        elif self._known.actors.get(change.actor) != act.device:
            wrong(where, N_("the actor of the act was not announced by its device"))
        else:
            return change, act, ""
        return None

    def _check_times(self) -> None:
        acts = self._known.acts.get(self._case, ())
        for recorded in acts:
            self._check_time(recorded)
        if acts:
            message = N_(
                "the times of contact and arrival are the record's own; a checkpoint from outside proves only that an "
                "act was there by the checkpoint's time"
            )
            self.findings.open("", message)

    def _check_time(self, recorded: RecordedAct) -> None:
        act, number, received = recorded.act, recorded.log_index, recorded.received_at
        assert received is not None, "every act of the file has its arrival"
        where = f"act {number}"
        device = self._known.devices[act.device]
        received_ms = int(received.timestamp() * 1000)
        if device.withdrawn_at_ms is not None and device.withdrawn_at_ms < received_ms:
            self.findings.open(where, N_("the device had been withdrawn before this act arrived"))
        if act.device == _SERVER:
            message = N_("was made on the record's own page for %(user)s, %(moment)s: only the record vouches for who")
            self.findings.open(where, message, user=act.user, moment=_moment(received_ms))
            return
        claimed_ms = int(act.claimed_at.timestamp() * 1000)
        begin_ms = beacon_time_ms(act.beacon) if act.beacon else None
        window = {"begin": "…" if begin_ms is None else _moment(begin_ms), "end": _moment(received_ms)}
        claimed = _moment(claimed_ms)
        if (begin_ms is not None and claimed_ms < begin_ms - _TOLERANCE_MS) or claimed_ms > received_ms + _TOLERANCE_MS:
            message = N_("claims %(claimed)s, outside of the time that can be true (%(begin)s to %(end)s)")
            self.findings.open(where, message, claimed=claimed, **window)
        elif act.since_beacon_ms is None:
            message = N_("time unsure: claims %(claimed)s; it was made between %(begin)s and %(end)s")
            self.findings.open(where, message, claimed=claimed, **window)
        else:
            message = N_("was made between %(begin)s and %(end)s; claims %(claimed)s")
            self.findings.proven(where, message, claimed=claimed, **window)

    def _check_law(self) -> None:
        shown = self._file.one("shown")
        if is_reporter_id(self._case):
            self._check_beside(shown)
            return
        if self.findings.of("wrong"):
            self.findings.open(_at(shown), N_("the due dates were not counted: what they rest on is wrong"))
            return
        if self._known.erased:
            self.findings.open(_at(shown), N_("the due dates cannot be counted any more: contents were erased"))
            return
        try:
            counted = self._count()
        except (Malformed, KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            # The texts are those that the record signed for, but a stranger's record may have signed for anything.
            self.findings.wrong(
                _at(shown), N_("the due dates cannot be counted from the file: %(why)s"), why=str(error)
            )
            return
        if canonical_json(counted) != canonical_json(shown["found"]):
            said = (shown["found"] or {}).get("due")
            message = N_("the record showed the due date %(said)s, the law in the file gives %(counted)s")
            self.findings.wrong(_at(shown), message, said=said or "–", counted=counted["due"] or "–")
            return
        message = N_("counted anew from the law in the file: state %(state)s, due %(due)s, %(count)d limits, as shown")
        self.findings.proven(
            _at(shown), message, state=counted["state"], due=counted["due"] or "–", count=len(counted["clocks"])
        )

    def _check_beside(self, shown: Line) -> None:
        """Who reported or complains about a case: no date hangs on it, and it says of which case it is."""
        if shown["found"] is not None:
            self.findings.wrong(_at(shown), N_("a document beside a case has no due dates"))
        told = [e for each in self._known.acts.get(self._case, ()) for e in each.act.events if e.get("type") == TOLD]
        if told:
            message = N_(
                "this file says who reported or complained in case %(case)s; it is given to nobody with the case"
            )
            self.findings.proven("", message, case=str(told[0].get("case")))

    def _count(self) -> dict[str, Any]:
        packs, calendar = read_law({line["path"]: line["text"] for line in self._file.all("law")})
        directories = self._file.all("directory")
        document = read_json_object(directories[-1]["text"].encode()) if directories else None
        founding = {} if document is None else read_directory(document).policies
        known = self._known.acts
        at_ms = self._file.one("evidence")["made_at_ms"]
        return judge(self._case, known[self._case], known.get(CITY_ID, ()), packs, calendar, founding, at_ms)

    def _signed_by_record(self, signature: bytes, message: bytes) -> bool:
        return any(self._verifies(ALG_ED25519, key, signature, message) for key in self._known.keys)


def _continues(line: Line, older: Checkpoint, newer: Checkpoint) -> bool:
    return all(
        merkle.consistent(
            before.size, before.root, after.size, after.root, [bytes.fromhex(step) for step in line[f"{name}_path"]]
        )
        for name, before, after in (("acts", older.acts, newer.acts), ("registry", older.registry, newer.registry))
    )


def _contradict(one: Head, other: Head) -> bool:
    return one.size == other.size and one.root != other.root


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _at(line: Line) -> str:
    return f"line {line.number} ({line.kind})"


def _moment(milliseconds: int) -> str:
    try:
        return local(datetime.fromtimestamp(milliseconds / 1000, UTC)).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError):  # no year that a calendar has
        return f"{milliseconds} ms"
