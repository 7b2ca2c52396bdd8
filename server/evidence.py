"""Makes the evidence of a case from the record (docs/evidence.md): acts, signatures, receipts, proofs, law, one seal.

Refuses to make evidence of a record whose log, registry or checkpoints were changed, and names the place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from py_core import __version__
from py_core.calendars import WorkCalendar
from py_core.cases.acts import RecordedAct, read_act
from py_core.change import causes_in, decode_act_change
from py_core.checkpoint import read_note
from py_core.city import CITY_ID
from py_core.documents import is_case_id
from py_core.errors import Malformed, ShouwenError
from py_core.evidence.judging import judge
from py_core.evidence.lines import VERSION, encode_line, read_evidence, seal_sign_bytes
from py_core.packs import Packs
from py_core.reporters import is_reporter_id
from server import inventory
from server.checkpoints import Checkpoints, first_with, signer
from server.city import City
from server.database import Database
from server.devices import enrolment_of
from server.log_faults import log_faults
from server.log_tree import LogDamaged, LogTree, acts_tree
from server.outside import Clock, from_ms, to_ms
from server.receipts import Receipts
from server.record_keys import KeyTrouble, RecordKeys, chain_of
from server.registry import DEVICE, DIRECTORY, ENDINGS, LAW, entries, entry, law_files, law_of_build, registry_tree
from server.tables import actors, changes, directories


class EvidenceRefused(ShouwenError):
    """No evidence can be made as asked."""

    code = "evidence_refused"


class EvidenceMaker:
    """Makes evidence files of one record."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        city: City,
        keys: RecordKeys,
        receipts: Receipts,
        checkpoints: Checkpoints,
        packs: Packs,
        calendar: WorkCalendar,
    ) -> None:
        self._database = database
        self._clock = clock
        self._city = city
        self._keys = keys
        self._receipts = receipts
        self._checkpoints = checkpoints
        self._packs = packs
        self._calendar = calendar

    def make(self, case_id: str, made_by: str, witnessed: Sequence[str] = ()) -> bytes:
        """The file; `witnessed` are checkpoints from outside that it must hold proofs for. Raises `EvidenceRefused`.

        Who reported or complains (`py_core.reporters`) gets a file of its own, by the id of that document: what is
        handed out about a case never says it.
        """
        if not is_case_id(case_id) and not is_reporter_id(case_id):
            raise EvidenceRefused(f"{case_id} is no case")
        with self._database.writing() as connection:  # one view, and the checkpoint that it is proven by
            faults = list(log_faults(connection))
            if faults:
                first = faults[0]
                raise EvidenceRefused(
                    f"the record was changed after it was signed for, {len(faults)} faults; "
                    f"first {first.code} at {first.where}: {first.why}"
                )
            try:
                note = self._checkpoints.make_in(connection)
                return self._sealed(list(self._lines(connection, case_id, made_by, note, witnessed)))
            except (Malformed, LogDamaged, KeyTrouble) as error:
                raise EvidenceRefused(f"nothing can be made of the record: {error}") from error

    def _sealed(self, lines: list[bytes]) -> bytes:
        hashes = [hashlib.sha256(line[:-1]).hexdigest() for line in lines]
        signature = self._keys.current.sign(seal_sign_bytes(hashes)).hex()
        data = b"".join(lines) + encode_line("seal", lines=hashes, sig=signature)
        read_evidence(data)  # nothing leaves that the other side would refuse for its form
        return data

    def _lines(
        self, connection: Connection, case_id: str, made_by: str, note: str, witnessed: Sequence[str]
    ) -> Iterator[bytes]:
        rows = connection.execute(
            select(changes)
            .where(or_(changes.c.case_id == case_id, changes.c.case_id == CITY_ID))
            .order_by(changes.c.log_index)
        ).all()
        if not any(row.case_id == case_id for row in rows):
            raise EvidenceRefused(f"the record has no case {case_id}")
        read = {row.hash: _read(row) for row in rows}
        now_ms = to_ms(self._clock.now())
        yield encode_line(
            "evidence", v=VERSION, case=case_id, log=self._keys.name, made_at_ms=now_ms, made_by=made_by,
            app=__version__,
        )  # fmt: skip
        yield encode_line("keys", keys=[link.as_dict() for link in chain_of(connection)])
        yield encode_line("checkpoint", note=note)
        last = max(row.log_index for row in rows if row.case_id == case_id)
        kept = first_with(connection, last + 1)
        notes = [note, *([kept] if kept else []), *witnessed]
        yield from self._earlier(connection, note, notes)
        vouching = {row.vouched_by for row in rows if row.vouched_by is not None}
        signers = sorted({recorded.act.device for recorded in read.values()} | vouching)
        yield from self._registry(connection, signers, {read_note(text).checkpoint.registry.size for text in notes})
        yield from _directory_and_law(connection)
        yield from _actors(connection, sorted({row.actor for row in rows}))
        tree = acts_tree(connection)
        for row in rows:
            yield self._act(row, tree)
        if is_reporter_id(case_id):
            yield encode_line("shown", found=None)  # no date hangs on who it was
            return
        acts = {which: [read[row.hash] for row in rows if row.case_id == which] for which in (case_id, CITY_ID)}
        founding = self._city.current_in(connection).directory.policies
        found = judge(case_id, acts[case_id], acts[CITY_ID], self._packs, self._calendar, founding, now_ms)
        yield encode_line("shown", found=found)

    def _act(self, row: Row[Any], tree: LogTree) -> bytes:
        receipt = self._receipts.receipt(row.case_id, row.hash, row.log_index, row.received_at_ms)
        return encode_line(
            "act",
            case=row.case_id,
            log_index=row.log_index,
            hash=row.hash,
            received_at_ms=row.received_at_ms,
            raw=None if row.residue is not None else bytes(row.raw).hex(),
            alg=row.alg,
            sig=bytes(row.signature).hex(),
            receipt=receipt,
            path=[step.hex() for step in tree.inclusion(row.log_index, tree.size)],
        )

    def _earlier(self, connection: Connection, note: str, notes: Sequence[str]) -> Iterator[bytes]:
        now = read_note(note).checkpoint
        keys = [link.public_key for link in chain_of(connection)]
        for text in dict.fromkeys(notes):
            signed = read_note(text)
            older = signed.checkpoint
            if signer(signed, keys) is None or older.origin != now.origin:
                raise EvidenceRefused("a checkpoint that was given is not of this record")
            if older.acts.size > now.acts.size or older.registry.size > now.registry.size:
                raise EvidenceRefused("a checkpoint that was given is of a longer log than the record has")
            if text != note:
                yield encode_line(
                    "earlier",
                    note=text,
                    acts_path=_hex(acts_tree(connection).consistency(older.acts.size, now.acts.size)),
                    registry_path=_hex(registry_tree(connection).consistency(older.registry.size, now.registry.size)),
                )

    def _registry(self, connection: Connection, signers: Sequence[str], sizes: Iterable[int]) -> Iterator[bytes]:
        """Whose devices signed and by which texts; and, so that nothing is left out, every device that was
        withdrawn or frozen and the inventory with which the registry of each of these sizes ends."""
        version = self._city.current_in(connection).version
        wanted = [*((DEVICE, device) for device in signers), (DIRECTORY, str(version)), (LAW, law_of_build()[0])]
        found = {*entries(connection, *ENDINGS)}
        found.update(each for each in (entry(connection, *key) for key in wanted) if each is not None)
        found.update(each for each in (inventory.at_end(connection, size) for size in sizes) if each is not None)
        tree = registry_tree(connection)
        for n, text in sorted(found):
            yield encode_line("registry", n=n, text=text, path=_hex(tree.inclusion(n, tree.size)))
        for device in signers:
            enrolment = enrolment_of(connection, device)
            if enrolment is not None:
                yield encode_line("enrolment", device=device, text=enrolment[0], sig=enrolment[1])


def _directory_and_law(connection: Connection) -> Iterator[bytes]:
    newest = select(directories).order_by(directories.c.version.desc()).limit(1)
    for row in connection.execute(newest):
        yield encode_line("directory", version=row.version, text=row.document)
    for path, data in sorted(law_files().items()):
        yield encode_line("law", path=path, text=data.decode())


def _actors(connection: Connection, named: Sequence[str]) -> Iterator[bytes]:
    for row in connection.execute(select(actors).where(actors.c.actor.in_(named)).order_by(actors.c.actor)):
        yield encode_line("actor", actor=row.actor, device=row.device, alg=row.alg, sig=bytes(row.signature).hex())


def _read(row: Row[Any]) -> RecordedAct:
    try:
        if row.residue is not None:
            deps = [row.deps[at : at + 64] for at in range(0, len(row.deps), 64)]
            causes, act = causes_in(deps), read_act(row.residue)
        else:
            change = decode_act_change(bytes(row.raw))
            causes, act = change.causes, read_act(change.text)
    except Malformed as error:
        raise EvidenceRefused(f"number {row.log_index} of the log cannot be read: {error}") from error
    return RecordedAct(row.hash, causes, act, from_ms(row.received_at_ms), row.log_index)


def _hex(path: Sequence[bytes]) -> list[str]:
    return [step.hex() for step in path]
