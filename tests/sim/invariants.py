"""What must hold when the faults have stopped and everybody has spoken with the record. Raises `Broken`.

Reads the disks and the database themselves, not what the programs say about them.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from sqlalchemy import select

from py_core import wire
from py_core.cases.acts import RecordedAct, read_act
from py_core.cases.contradictions import contradictions
from py_core.cases.history import order
from py_core.cases.state import Fact, Ignored, fold
from py_core.change import decode_act_change, sign_bytes
from py_core.city import CITY_ID
from py_core.exchanged import LEFT_OUT
from py_core.packed.receipts import signed_part
from py_core.reporters import hiding, is_reporter_id
from py_core.rules.engine import assess
from py_core.visits import fold_visit, is_visit_id
from server import record
from server.devices import actor_owner, device_by_id
from server.gate import WAIVABLE
from server.keys import verifies
from server.record import Entry
from server.recorded import recorded_act
from server.tables import changes, quarantine

from . import town
from .content_invariants import check_contents, check_parted
from .device import moment
from .documents import changes_of
from .missing import check_missing, check_numbered_twice
from .office_work import SOMEBODY
from .trace import Broken
from .world import Machine, World

CLAIM_TOLERANCE_MS = 1_000 + 5_000  # acts have whole seconds; an answer is on its way for up to three seconds


def check(world: World) -> None:
    """Every invariant, on the world as it is after its last exchange."""
    with world.record.parts.database.reading() as connection:
        by_hash = {entry.hash: entry for entry in world.log}
        held_back = {
            row.hash: row.reason
            for row in connection.execute(select(quarantine).where(quarantine.c.released_at_ms.is_(None)))
        }
        _every_promise_is_kept(world, by_hash)
        check_missing(world, connection)
        check_numbered_twice(world, connection)
        _nothing_shown_is_lost(world, by_hash, held_back)
        _what_a_restore_lost_comes_back(world, by_hash, connection)
        _every_entry_is_signed(world, connection)
        for machine in world.machines:
            _need(not machine.device.forks, f"{machine.device.name} found out that the record has two histories")
            _receipts_hold(world, machine, by_hash)
            _device_has_what_the_record_has(world, machine, connection)
            _nobody_reads_who_reported(machine)
        check_contents(world, connection)
        check_parted(world)
        _acts_count_once_and_alike(world)
        _claims_hold(world, by_hash)


def _need(holds: bool, what: str) -> None:
    if not holds:
        raise Broken(what)


def _every_promise_is_kept(world: World, by_hash: dict[str, Entry]) -> None:
    """A receipt that the record spoke, wherever it got lost: the act is in the log, there, since then, signed."""
    receipts = world.record.parts.receipts
    for said in world.promised:
        entry = by_hash.get(said.hash)
        _need(entry is not None, f"a receipt was given for {said.hash} and the log does not have it")
        assert entry is not None
        place = (entry.log_index, entry.received_at_ms)
        _need(place == (said.log_index, said.received_at_ms), f"the receipt of {said.hash} names another place")
        part = signed_part(entry.case_id, entry.hash, *place, said.sig)
        _need(
            part is not None and verifies(wire.ALG_ED25519, receipts.public_key, *part),
            f"the receipt of {said.hash} does not verify",
        )
    texts = [decode_act_change(entry.raw).text for entry in world.log]
    for text in world.pages:
        _need(texts.count(text) == 1, "an act of the centre's own page is not in the log exactly once")


def _nothing_shown_is_lost(world: World, by_hash: dict[str, Entry], held_back: dict[str, str]) -> None:
    devices = {machine.device.name: machine.device for machine in world.machines}
    for shown in world.shown:
        entry = by_hash.get(shown.hash)
        if entry is not None:
            _need(entry.case_id == shown.case_id, f"{shown.hash} is in another case")
            _need(decode_act_change(entry.raw).text == shown.text, f"{shown.hash} says something else")
            continue
        if (shown.machine, shown.hash) in world.lost_with_store:
            continue
        name = f"{shown.hash[:12]} that {shown.machine} showed as safe"
        device = devices[shown.machine]
        stores = device.disk.stores
        word = stores["outbox"].get(shown.hash, {})
        if word.get("reason") == LEFT_OUT:
            _need(shown.hash in world.left_out, f"{name} is told as left out, and the centre never decided so")
            if not word["raw"] and world.counts.get("restores of the record"):
                continue  # the decision took the bytes off the device, the restore took them out of the record
        went = device.disk.removed.get(("records", shown.case_id), [])
        left = any(row[0] == shown.hash and row[4] is not None for rows in went for row in rows)
        if shown.hash in world.lost and (left or shown.hash in device.parted_acts):
            continue  # it left with its case when the record had signed for it, or its receipt said that the case leaves
        _need(bool(held_back.get(shown.hash)), f"{name} is neither in the log nor in quarantine")
        _need(bool(stores["outbox"].get(shown.hash, {}).get("reason")), f"{name} is not kept with a reason")
        rows = stores["records"].get(shown.case_id, [])
        if word["reason"] == LEFT_OUT:
            continue  # the centre has decided, and said so to the device
        _need(any(row[0] == shown.hash for row in rows), f"{name} is no longer on the device")
        _need(bool(stores["outbox"][shown.hash]["raw"]), f"{name} has lost its bytes on the device")
        _need(
            held_back[shown.hash] != "wrong_signature", f"{name} was offered with a signature that is not its device's"
        )
        _need(
            world.faults.copies_profiles or held_back[shown.hash] in (*WAIVABLE, "missing_dependency"),
            f"{name} was refused as {held_back[shown.hash]} though its device did nothing wrong",
        )


def _what_a_restore_lost_comes_back(world: World, by_hash: dict[str, Entry], connection: record.Connection) -> None:
    """An act that the record had signed for before it came back from a backup is lost only if no device has it."""
    known = set(connection.scalars(select(quarantine.c.hash)))
    for change_hash in world.lost - set(by_hash):
        for machine in world.machines:
            stores = machine.device.disk.stores
            has = any(row[0] == change_hash for rows in stores["records"].values() for row in rows)
            name = f"{machine.device.name} has {change_hash}, which a restore lost"
            _need(not has or change_hash in known, f"{name}, and did not offer it again")


def _every_entry_is_signed(world: World, connection: record.Connection) -> None:
    """Whatever came to the door: the log holds only what its device signed for, in its own name, causes first."""
    seen: dict[str, str] = {}
    numbers: set[tuple[str, int]] = set()
    directory = world.record.parts.city.current().directory
    rows = {row.hash: row for row in connection.execute(select(changes))}
    for entry in world.log:
        row = rows[entry.hash]
        change = decode_act_change(entry.raw)
        act = read_act(change.text)
        device = device_by_id(connection, row.vouched_by or act.device)
        _need(change.hash == entry.hash and device is not None, f"{entry.hash} is not what it says")
        assert device is not None
        message = sign_bytes(entry.case_id, entry.hash)
        _need(verifies(device.alg, device.public_key, bytes(row.signature), message), f"{entry.hash} is not signed")
        if row.vouched_by is None:
            _need(actor_owner(connection, change.actor) == device.id, f"{entry.hash} has a stolen actor")
            _need(act.user == device.user or device.user is None, f"{entry.hash} is in another's name")
        else:
            # Its author did not sign it: only a decision of the centre about what a restore lost can bring it in; or about
            # what had been refused before, when its own device offers it that was enrolled anew meanwhile.
            _need(entry.hash in world.waived, f"{entry.hash} was let in without a decision")
            lost = entry.hash in world.lost
            renewed = world.counts.get("restores of the record") and world.was_once(row.vouched_by, act.device)
            _need(
                bool(lost or renewed), f"{entry.hash} was let in from {row.vouched_by}, which is none of its author's"
            )
        for cause in change.causes:
            _need(seen.get(cause) == entry.case_id, f"{entry.hash} came before its cause")
        for event in act.events:
            if event["type"] == "contradiction_resolved":
                _need("reconciler" in directory.people[act.user].roles, f"{entry.hash} decided without the role")
        number = (act.device, act.device_seq)
        again = number in numbers and entry.hash not in world.waived  # a copied profile's, taken by the centre
        _need(entry.hash not in seen and not again, f"{entry.hash} counts twice")
        seen[entry.hash] = entry.case_id
        numbers.add(number)


def _receipts_hold(world: World, machine: Machine, by_hash: dict[str, Entry]) -> None:
    device = machine.device
    for change_hash, receipt in device.disk.stores["receipts"].items():
        if change_hash in world.lost:
            continue  # what the record signed for before it was restored stays as a proof
        entry = by_hash.get(change_hash)
        _need(entry is not None, f"{device.name} has a receipt for {change_hash}, the log does not have it")
        part = signed_part(
            receipt["case_id"], change_hash, receipt["log_index"], receipt["received_at_ms"], receipt["sig"]
        )
        _need(
            part is not None and verifies(wire.ALG_ED25519, device.record_key, *part),
            f"{device.name} keeps a receipt that does not verify",
        )


def _nobody_reads_who_reported(machine: Machine) -> None:
    """What a device holds of a report after it has spoken with the record does not say who made it (HL-4(五)); only
    what its own person took down and the record refused stays here until the centre has decided about it."""
    device = machine.device
    undecided = {each for each, row in device.disk.stores["outbox"].items() if row["reason"] != LEFT_OUT}
    for case_id, rows in device.disk.stores["records"].items():
        events = [event for row in rows if row[4] is not None for event in read_act(row[2]).events]
        begun = next((event for event in events if event["type"] == "registered"), {})
        hidden = hiding(begun, town.packs()) is not None or is_reporter_id(case_id)
        telling = [row[0] for row in rows if SOMEBODY in row[2]] if hidden else []
        own = is_reporter_id(case_id) and undecided.issuperset(telling)
        _need(not telling or own, f"{device.name} holds who reported {case_id}")


def _device_has_what_the_record_has(world: World, machine: Machine, connection: record.Connection) -> None:
    device = machine.device
    stores = device.disk.stores
    entries: dict[str, list[Entry]] = {}
    for entry in world.log:
        entries.setdefault(entry.case_id, []).append(entry)
    person = world.record.parts.city.current().directory.people[device.identity.user]
    withdrawn = device.identity.device in world.withdrawn
    in_scope = frozenset() if withdrawn else record.cases_of_unit(connection, person.unit)
    undecided = {row["case_id"] for row in stores["outbox"].values() if row["reason"] != LEFT_OUT}
    for name in ("records", "documents"):
        kept = set(stores[name]) - in_scope - {CITY_ID} - undecided
        _need(not kept, f"{device.name} keeps {sorted(kept)} in {name}, which is out of its scope")
    for change_hash, row in stores["outbox"].items():
        _need(bool(row["reason"]), f"{device.name} still has {change_hash} waiting")
    for case_id in sorted(in_scope | set(stores["records"])):
        rows = stores["records"].get(case_id, [])
        hashes = [row[0] for row in rows]
        _need(len(hashes) == len(set(hashes)), f"{device.name} has an act twice in {case_id}")
        taken = {(row[0], tuple(row[1]), row[2], row[3], row[4]) for row in rows if row[4] is not None}
        known = {_row(entry) for entry in entries.get(case_id, [])}
        _need(taken <= known, f"{device.name} believes something of {case_id} that the record does not say")
        for row in rows:
            open_row = stores["outbox"].get(row[0])
            _need((row[4] is None) == (open_row is not None), f"{device.name}: row and outbox of {row[0]} disagree")
        if case_id not in in_scope:
            continue
        missing = len(known) - len(taken)
        _need(missing == 0, f"{device.name} lacks {missing} acts of {case_id}")
        held = {decode_act_change(raw).hash for raw in changes_of(stores["documents"].get(case_id))}
        _need(held == {each[0] for each in known}, f"{device.name}: the document of {case_id} is not the record's")
        record_of_case = device.records[case_id]
        in_memory = {act.hash for act in record_of_case.acts}
        _need(in_memory == set(hashes), f"{device.name}: memory and disk of {case_id} disagree")


def _row(entry: Entry) -> tuple[str, tuple[str, ...], str, int, int]:
    change = decode_act_change(entry.raw)
    return change.hash, change.causes, change.text, entry.received_at_ms, entry.log_index


def _acts_count_once_and_alike(world: World) -> None:
    """Every replica orders, folds and judges the same acts alike, whatever came first; no event is lost or doubled."""
    chance = Random(world.seed)
    directory = world.record.parts.city.current().directory
    now = moment(world.now_ms)
    replicas: dict[str, list[list[RecordedAct]]] = {}
    for case_id, case_record in sorted(world.record.parts.casebook.current().items()):
        replicas[case_id] = [list(case_record.acts)]
        from_log = [recorded_act(entry) for entry in world.log if entry.case_id == case_id]
        _need(from_log == list(case_record.acts), f"the case book of {case_id} is not the log")
    for machine in world.machines:
        for case_id, case_record in sorted(machine.device.records.items()):
            taken = [act for act in case_record.acts if act.log_index is not None]
            if case_id in replicas and len(taken) == len(replicas[case_id][0]):
                replicas[case_id].append(taken)
    for case_id, of_case in replicas.items():
        found: list[tuple[Any, ...]] = []
        for acts in [of_case[0], *of_case[1:][-1:]]:  # all were compared as sets; the law is asked on two
            shuffled = list(acts)
            chance.shuffle(shuffled)
            ordered = order(shuffled)
            if is_visit_id(case_id):
                found.append(_visit_as_judged(case_id, ordered))
                continue
            case = fold(case_id, ordered)
            events = sum(len(act.act.events) for act in ordered)
            _need(len(case.facts) + len(case.ignored) == events, f"an event of {case_id} does not count once")
            assessment = assess(case, town.packs(), town.calendar(), now, directory.policies)
            found.append(
                (
                    [act.hash for act in ordered],
                    [_plain(fact) for fact in (*case.facts, *case.ignored)],
                    contradictions(ordered, case),
                    assessment.as_dict(),
                )
            )
        _need(all(each == found[0] for each in found), f"two replicas judge {case_id} differently")
        orders = {tuple(act.hash for act in order(acts)) for acts in of_case}
        _need(len(orders) == 1, f"two replicas order {case_id} differently")
        if is_visit_id(case_id):
            world.trace.note("visit", case_id[-8:], len(of_case[0]), found[0][2], len(found[0][3]))
            world.count("visits")
            continue
        world.trace.note("case", case_id[:8], len(of_case[0]), len(found[0][2]), found[0][3].get("light"))
        world.counts["contradictions"] = world.counts.get("contradictions", 0) + len(found[0][2])


def _visit_as_judged(visit_id: str, ordered: Sequence[RecordedAct]) -> tuple[Any, ...]:
    """Everything that a visit adds up to, without its light: it has no limit of its own."""
    visit = fold_visit(visit_id, ordered)
    events = sum(len(act.act.events) for act in ordered)
    _need(len(visit.facts) + len(visit.ignored) == events, f"an event of {visit_id} does not count once")
    return (
        [act.hash for act in ordered],
        [_plain(fact) for fact in (*visit.facts, *visit.ignored)],
        visit.state,
        visit.apart,
        visit.papers,
        visit.signed_about,
    )


def _plain(fact: Fact | Ignored) -> list[object]:
    """Every value of a fact: facts are compared by identity in the core."""
    names = [name for each in type(fact).__mro__ for name in getattr(each, "__slots__", ())]
    return [type(fact).__name__, *(getattr(fact, name) for name in names)]


def _claims_hold(world: World, by_hash: dict[str, Entry]) -> None:
    """The true time of an act lies between its beacon and its receipt; an argued claim is that time."""
    for shown in world.shown:
        act = read_act(shown.text)
        claimed_ms = int(act.claimed_at.timestamp() * 1000)
        beacon_ms = wire.beacon_time_ms(act.beacon) if act.beacon else None
        if beacon_ms is not None:
            _need(beacon_ms <= shown.true_ms, f"{shown.hash} names a beacon of its future")
        if shown.hash in by_hash:
            _need(shown.true_ms <= by_hash[shown.hash].received_at_ms, f"{shown.hash} was taken before it was made")
        argued = act.since_beacon_ms is not None
        if argued or shown.clock_is_right:
            _need(
                abs(claimed_ms - shown.true_ms) <= CLAIM_TOLERANCE_MS,
                f"{shown.hash} claims {claimed_ms - shown.true_ms} ms off the truth",
            )
