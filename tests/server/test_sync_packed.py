"""The real client and the real record in short: nothing lost, nothing twice, whatever is cut, old or restored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx
import pytest
from browsing import Browser
from laptop import Laptop, SeededEntropy, StandingClock, case_id, city_document, registered

from py_core import wire
from py_core.change import decode_act_change
from py_core.errors import Malformed
from py_core.exchanged import Received, WaitingAct
from py_core.packed.receipts import signed_part
from py_core.standing import Standing
from py_core.sync import SyncClient
from py_core.visits.document import visit_id
from server.engine import EngineOutside
from server.exchange import ExchangeRefused
from server.keys import verifies
from server.parts import Parts, assemble
from server.settings import Settings

IN_FULL = {0, wire.TYPE_INCLUDED}  # of `kinds`: frames that are not in short; the proof has one form only
CASES = [Random(number).randbytes(16).hex() for number in range(12)]


class Client:
    """A device's own client with what a host keeps, over a record that may be an older one."""

    def __init__(self, parts: Parts, laptop: Laptop, *, old_record: bool = False) -> None:
        self.parts, self.laptop, self._old_record = parts, laptop, old_record
        self.begin()

    def begin(self) -> None:
        """An empty device."""
        self.sync = SyncClient(self.laptop.device, "0.1.0", Standing(config=99))
        self.log: dict[str, dict[int, str]] = {}
        self.raws: dict[str, bytes] = {}
        self.sync.log_of = lambda case: self.log.get(case, {}).items()
        self.statuses: list[int] = []
        self.answers: list[bytes] = []

    def do(self, case: str, *events: dict[str, object]) -> WaitingAct:
        pushed = self.laptop.act(case, *events)
        change = decode_act_change(pushed.raw)
        said = self.laptop.announcement()
        act = WaitingAct(case, change.hash, pushed.raw, pushed.alg, pushed.signature, said.actor, said.sig)
        self.sync.add(act)
        self.raws[act.hash] = act.raw
        return act

    def exchange(self, cut: int | None = None) -> Received | None:
        body = self.sync.request()
        try:
            frames = wire.read_frames(body)
            if self._old_record and any(isinstance(frame, wire.Short) for frame in frames):
                raise Malformed("frame", "has the unknown type 6")  # what a record of before said
            answer = wire.encode_frames(self.parts.exchange.answer(self.laptop.user, frames))
        except (Malformed, ExchangeRefused) as error:
            self.statuses.append(error.status if isinstance(error, ExchangeRefused) else 400)
            self.sync.failed(self.statuses[-1], 0.5)
            return None
        self.statuses.append(200)
        self.answers.append(answer[:cut])
        received = self.sync.read([answer[:cut]], list(self.log))
        self.store(received)
        return received

    def store(self, received: Received) -> None:
        for act in received.acts:
            self.log.setdefault(act.case_id, {})[act.log_index] = act.hash
            self.raws[act.hash] = act.raw
            if act.raw not in self.laptop.held.setdefault(act.case_id, []):
                self.laptop.held[act.case_id].append(act.raw)
        for receipt in received.receipts:
            part = signed_part(receipt.case_id, receipt.hash, receipt.log_index, receipt.received_at_ms, receipt.sig)
            assert part is not None
            assert verifies(wire.ALG_ED25519, self.parts.receipts.public_key, *part)
            self.log.setdefault(receipt.case_id, {})[receipt.log_index] = receipt.hash
        if received.is_empty:
            self.sync.failed(None, 0.5)
        else:
            self.sync.commit(received)

    def converge(self) -> None:
        for _ in range(40):
            received = self.exchange()
            if received is not None and received.end is not None and self.sync.is_complete:
                return
        raise AssertionError("never ends")

    @property
    def held(self) -> set[str]:
        return {change_hash for case in self.log.values() for change_hash in case.values()}


def kinds(answer: bytes) -> list[int]:
    return [getattr(f, "type", 0) for f in wire.read_frames(answer, bytes_max=2**26)]


def everything(parts: Parts) -> set[str]:
    from server import record

    with parts.database.reading() as connection:
        return {entry.hash for entry in record.entries_from(connection, 0)}


@pytest.fixture
def small(tmp_path: Path, clock: StandingClock, engine: EngineOutside) -> Iterator[Parts]:
    settings = Settings(tmp_path / "small", pull_page_bytes=1_500, answer_bytes=4_000)
    made = assemble(settings, clock, SeededEntropy("small"), engine)
    made.city.publish(city_document())
    yield made
    made.close()


@pytest.fixture
def lin(parts: Parts) -> Client:
    return Client(parts, Laptop(parts, "lin"))


def work(client: Client, cases: list[str] = CASES, acts: int = 3) -> None:
    for case in cases:
        client.do(case, registered())
    for number in range(acts - 1):
        for case in cases:
            client.do(case, {"type": "noted", "text": f"{number}. 次联系当事人"})


def test_pushed_acts_are_receipted_in_short_and_not_told_again(parts: Parts, lin: Client) -> None:
    lin.converge()
    work(lin)
    received = lin.exchange()
    assert received is not None
    assert (len(received.receipts), received.acts, lin.sync.waiting) == (36, [], 0)
    assert lin.held == everything(parts)
    assert kinds(lin.answers[-1]) == [wire.TYPE_BEACON, wire.TYPE_RECEIPTS, wire.TYPE_INCLUDED, wire.TYPE_END]


def test_a_device_that_came_back_from_an_older_copy_gets_its_acts_and_learns_its_numbers(
    parts: Parts, lin: Client
) -> None:
    work(lin)
    lin.converge()
    lin.begin()
    received = lin.exchange()
    assert received is not None
    assert received.own_seq == 36
    assert lin.held == everything(parts)


def test_others_rebuild_the_same_bytes(parts: Parts, lin: Client) -> None:
    zhao = Client(parts, Laptop(parts, "zhao"))
    work(lin)
    lin.converge()
    zhao.converge()
    assert wire.TYPE_CHANGES in kinds(zhao.answers[0])
    assert {name: zhao.raws[name] for name in lin.held} == {name: lin.raws[name] for name in lin.held}
    zhao.do(CASES[0], {"type": "noted", "text": "也看过了"})
    lin.do(CASES[0], {"type": "noted", "text": "同时"})
    for client in (zhao, lin, zhao, lin):
        client.converge()
    lin.do(CASES[0], {"type": "noted", "text": "两边都看到了"})  # rests on two causes: goes in full
    lin.converge()
    zhao.converge()
    assert zhao.held == lin.held == everything(parts)
    assert {name: zhao.raws[name] for name in lin.held} == {name: lin.raws[name] for name in lin.held}
    assert set(zhao.statuses + lin.statuses) == {200}


@pytest.mark.parametrize("old_record", [False, True])
def test_old_and_new_understand_each_other_with_all_work_kept(parts: Parts, old_record: bool) -> None:
    """A new client with an old record, and an old client (no short frames at all) beside a new one with a new record."""
    new = Client(parts, Laptop(parts, "lin"), old_record=old_record)
    old = Laptop(parts, "zhao")
    work(new)
    new.converge()
    assert new.statuses[0] == (400 if old_record else 200)
    assert new.sync.waiting == 0
    act = old.act(CASES[0][:-1] + "f", registered())
    verdicts, pulled = old.sync(act)
    assert [each.verdict for each in verdicts] == ["accepted"]
    assert {each.raw for each in pulled} == {*new.raws.values(), act.raw}
    new.converge()
    assert new.held == everything(parts)
    assert all(kind in IN_FULL for answer in new.answers for kind in kinds(answer)) == old_record


@pytest.mark.parametrize("seed", range(6))
def test_an_answer_cut_anywhere_goes_on_from_its_last_page(small: Parts, seed: int) -> None:
    chance = Random(seed)
    lin, zhao = Client(small, Laptop(small, "lin")), Client(small, Laptop(small, "zhao"))
    work(lin)
    lin.converge()
    cursors = [0]
    for _ in range(200):
        zhao.exchange(cut=chance.randrange(200, 3_000))
        cursors.append(zhao.sync.standing.cursor)
        if zhao.sync.is_complete:
            break
    assert cursors == sorted(cursors)
    assert zhao.held == everything(small)
    assert set(zhao.statuses) == {200}


def test_several_pages_come_in_one_answer(small: Parts) -> None:
    lin, zhao = Client(small, Laptop(small, "lin")), Client(small, Laptop(small, "zhao"))
    work(lin)
    lin.converge()
    zhao.converge()
    assert kinds(zhao.answers[0]).count(wire.TYPE_END) > 2
    assert kinds(zhao.answers[0]).count(wire.TYPE_BEACON) == 1
    assert len(zhao.answers) < len([kind for answer in zhao.answers for kind in kinds(answer) if kind == wire.TYPE_END])


def test_a_device_that_lacks_what_it_should_hold_gets_it_in_full(parts: Parts, lin: Client) -> None:
    zhao = Client(parts, Laptop(parts, "zhao"))
    work(lin, CASES[:2], 2)
    lin.converge()
    zhao.converge()
    zhao.log[CASES[0]] = {0: "00" * 32}
    lin.do(CASES[0], {"type": "noted", "text": "x"})
    lin.converge()
    zhao.converge()
    assert set(lin.raws) == set(zhao.raws)
    lin.do(CASES[1], {"type": "noted", "text": "y"})
    lin.converge()
    zhao.converge()
    assert wire.TYPE_CHANGES in kinds(zhao.answers[-1]), "after that it is spoken to in short again"


def test_a_record_that_has_something_else_under_a_number_takes_the_acts_in_full(parts: Parts, lin: Client) -> None:
    work(lin, CASES[:3], 2)
    lin.converge()
    lin.log[CASES[1]] = {index + 2: name for index, name in lin.log[CASES[1]].items()}
    act = lin.do(CASES[1], {"type": "noted", "text": "x"})
    lin.exchange()
    assert (lin.statuses[-1], lin.sync.is_waiting(act.hash)) == (409, True)
    lin.converge()
    assert act.hash in everything(parts)
    with parts.database.reading() as connection:
        from server import record

        assert record.quarantined_by_device(connection, lin.laptop.device) == 0


def test_pages_are_made_once_for_all_and_anew_when_a_case_left(small: Parts) -> None:
    lin = Client(small, Laptop(small, "lin"))
    work(lin, CASES[:6])
    lin.converge()
    zhao, other = Client(small, Laptop(small, "zhao")), Client(small, Laptop(small, "zhao", "other"))
    zhao.converge()
    packs = 0
    from py_core.packed.changes import ChangePacker

    pack = ChangePacker.pack

    def counted(self: ChangePacker, *args: object) -> bytes:
        nonlocal packs
        packs += 1
        return pack(self, *args)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ChangePacker, "pack", counted)
        other.converge()
    assert packs == 0
    lin.do(CASES[0], {"type": "delivered", "to": "linye"})
    lin.converge()
    other.begin()
    other.converge()
    zhao.converge()
    assert other.held == zhao.held == everything(small)


def test_a_wanted_case_comes_whole_in_short(parts: Parts, lin: Client) -> None:
    work(lin, CASES[:2])
    lin.converge()
    lin.sync.let_go({CASES[0]: 99})
    lin.log.pop(CASES[0])
    lin.sync.want(CASES[0])
    received = lin.exchange()
    assert received is not None
    assert received.returned == [CASES[0]]
    assert lin.held == everything(parts)


def test_nothing_new_costs_three_hundred_bytes_each_way_with_its_headers(browser: Browser, parts: Parts) -> None:
    browser.sign_in("lin")
    lin = Client(parts, Laptop(parts, "lin"))
    work(lin, CASES[:1])
    lin.converge()
    body = lin.sync.request()
    answer = browser.post("/sync", content=body)
    head = f"HTTP/1.1 {answer.status_code} OK\r\n" + "".join(f"{k}: {v}\r\n" for k, v in answer.headers.items())
    assert len(head) + 2 + len(answer.content) <= 300
    token = "".join(f"{name}={value}" for name, value in browser.cookies.items())
    asked = "POST /sync HTTP/1.1\r\nHost: 127.0.0.1:65535\r\nAccept-Encoding: gzip\r\nContent-Length: 999\r\n"
    assert len(asked) + len(f"Cookie: {token}\r\n\r\n") + len(body) <= 300


def test_pages_are_streamed_over_http(small: Parts) -> None:
    from browsing import serving
    from laptop import PASSWORD

    lin, zhao = Client(small, Laptop(small, "lin")), Client(small, Laptop(small, "zhao"))
    work(lin)
    lin.converge()
    small.accounts.set_password("zhao", PASSWORD)
    with serving(small) as url, httpx.Client(base_url=url) as web:
        token, _ = small.sessions.start("zhao")
        web.cookies.set("shouwen", token)
        for _ in range(20):
            answer = web.post("/sync", content=zhao.sync.request())
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
            zhao.store(zhao.sync.read([answer.content], list(zhao.log)))
            if zhao.sync.is_complete:
                break
    assert zhao.held == everything(small)


def test_the_numbers_of_a_test_case_are_no_hindrance(parts: Parts, lin: Client) -> None:
    """Ids that begin alike cannot be told apart by their beginning: such cases come in full."""
    zhao = Client(parts, Laptop(parts, "zhao"))
    work(lin, [case_id(1), case_id(2)], 1)
    lin.converge()
    zhao.converge()
    lin.do(case_id(1), {"type": "noted", "text": "x"})
    lin.converge()
    zhao.converge()
    assert zhao.held == everything(parts)


def test_visits_whose_ids_begin_alike_are_told_apart(parts: Parts, lin: Client) -> None:
    """All visits begin alike, and so do all reporters' documents: of a few dozen, two have the first six bytes in common."""
    visits = [visit_id("0" * 12 + f"{number:020x}") for number in range(2)]
    planned = {
        "type": "visit_planned", "unit": "xingqiao", "enterprise": "某厂", "on": "2026-11-23", "officers": ["zhao"],
        "number": "Z-1",
    }  # fmt: skip
    zhao = Client(parts, Laptop(parts, "zhao"))
    for visit in visits:
        zhao.do(visit, planned)
    zhao.converge()
    lin.converge()
    zhao.do(visits[1], {"type": "visit_cancelled", "reason": "厂休"})
    zhao.converge()
    before = len(lin.answers)
    lin.converge()
    assert lin.held == zhao.held == everything(parts)
    assert [kind for kind in kinds(lin.answers[before]) if kind == wire.TYPE_CHANGES]
    assert len(lin.answers) == before + 1, "what came in short was asked for again in full"
