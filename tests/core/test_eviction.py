"""Which finished cases leave a device, and how they come back: never what only the device has, never half of a case."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from test_sync import change, said

from py_core import eviction
from py_core.desk.glance import Glance
from py_core.errors import Malformed
from py_core.eviction import contents_leaving, leaving
from py_core.exchanged import Received
from py_core.keeping import keeping
from py_core.left import Left, left_of
from py_core.packs.device_figures import device_figures
from py_core.standing import Standing
from py_core.sync import SyncClient
from py_core.wire import (
    REVOKED_SCOPE,
    Beacon,
    Carried,
    End,
    Frame,
    Hello,
    Pulled,
    Revoke,
    WholeCase,
    encode_frames,
    message_frame,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FIGURES = device_figures({})
KEEP_OWN, KEEP_FOREIGN, KEEP_LEAST = FIGURES.keep_own, FIGURES.keep_foreign, FIGURES.keep_least
FULL = 100


def glance(days: float, *, unit: str = "shihe", **other: object) -> Glance:
    values: dict[str, object] = {
        "light": "met", "state": "done", "due": None, "provisional": False, "open": False, "contested": False,
        "number": "K7Q-1", "title": "t", "offer": "", "pack": "JY", "matter": "service", "unit": unit,
        "units": frozenset(), "people": frozenset(), "enterprise": "", "claimant_name": "", "registered": None, "arrived_at": NOW - timedelta(days=days),
        "only_here": 0, "role": "", "holder": "", "erased": False, "noted": False, "made_at": NOW, "until": None,
    }  # fmt: skip
    return Glance(**{**values, **other})  # type: ignore[arg-type]


def test_a_photograph_goes_with_its_case_unless_a_case_that_stays_names_it_too() -> None:
    alone, shared, elsewhere = ("a1" * 32, "b2" * 32, "c3" * 32)
    act = json.dumps({"events": [{"attachments": [{"sha256": each} for each in (shared, elsewhere)]}]})
    rows = json.dumps([[alone, [], act, 1, 1]]).encode()  # the hash of an act is not a content, but harms nothing
    assert contents_leaving({"d4" * 32, shared}, [b"[]", rows]) == ["d4" * 32]
    assert contents_leaving({shared}, []) == [shared]
    assert contents_leaving(set(), [rows]) == []


def test_finished_cases_leave_by_age_and_those_of_other_units_earlier() -> None:
    held = [
        ("old", glance(KEEP_OWN.days)),
        ("young", glance(KEEP_OWN.days - 1)),
        ("elsewhere", glance(KEEP_FOREIGN.days, unit="linye")),
        ("just elsewhere", glance(KEEP_FOREIGN.days - 1, unit="linye")),
    ]
    assert leaving(held, 4, "shihe", NOW, FIGURES) == ["old", "elsewhere"]


def test_while_more_is_to_come_only_a_lack_of_room_lets_cases_go() -> None:
    held = [("old", glance(KEEP_OWN.days)), ("younger", glance(KEEP_LEAST.days))]
    assert leaving(held, 2, "shihe", NOW, FIGURES, more_to_come=True) == []
    full = FIGURES.space_percent
    assert leaving(held, 2, "shihe", NOW, FIGURES, used_percent=full, more_to_come=True) == ["old", "younger"]


def test_the_citys_own_figures_count() -> None:
    held = [("a", glance(40)), ("b", glance(29)), ("c", glance(15, unit="linye")), ("d", glance(9)), ("e", glance(3))]
    age = {"keep_own_days": 30, "keep_foreign_days": 14, "keep_least_days": 2}
    own = device_figures({"device_age": age})
    assert leaving(held, 5, "shihe", NOW, own) == ["a", "c"]
    few = device_figures({"device_age": age, "device_cases": {"cases_most": 300, "cases_warning": 200}})
    assert leaving(held, 302, "shihe", NOW, few) == ["a", "b", "c"]
    tight = device_figures({"device_age": age, "device_space": {"space_percent": 60}})
    assert leaving(held, 5, "shihe", NOW, tight, used_percent=59.9) == ["a", "c"]
    assert leaving(held, 5, "shihe", NOW, tight, used_percent=60) == ["a", "b", "c", "d", "e"]
    assert leaving(held, 5, "shihe", NOW, FIGURES, used_percent=60) == []


@pytest.mark.parametrize(
    "other", [{"open": True}, {"contested": True}, {"only_here": 1}, {"until": NOW}, {"arrived_at": None}]
)
def test_what_is_not_finished_or_only_here_never_leaves(other: dict[str, object]) -> None:
    assert leaving([("a", glance(1000, **other))], 100_000, "shihe", NOW, FIGURES, used_percent=FULL) == []


def test_a_full_device_parts_with_the_oldest_but_not_with_this_weeks(monkeypatch: pytest.MonkeyPatch) -> None:
    held = [(f"{n}", glance(KEEP_LEAST.days + n)) for n in range(4)] + [("fresh", glance(KEEP_LEAST.days - 1))]
    assert leaving(held, FIGURES.cases_most, "shihe", NOW, FIGURES) == []
    assert leaving(held, FIGURES.cases_most + 2, "shihe", NOW, FIGURES) == ["3", "2"]
    assert leaving(held, 5, "shihe", NOW, FIGURES, used_percent=FULL) == ["3", "2", "1", "0"]
    monkeypatch.setattr(eviction, "LEAVING_AT_ONCE", 3)
    assert leaving(held, 5, "shihe", NOW, FIGURES, used_percent=FULL) == ["3", "2", "1"]


def test_what_is_kept_of_a_case_survives_the_disk() -> None:
    left = Left("K7Q-1", "标题", 2, 1, 7)
    assert left_of(left.as_row()) == left


CASE, OTHER = "ab" * 16, "cd" * 16


def pulled(number: int, index: int, case: str = CASE) -> Pulled:
    return Pulled(case, index, 1_700_000_000_000 + index, change(number))


def answer(*frames: Frame, scope: str = "s") -> list[bytes]:
    end = [Beacon("b", 1, 1, ""), End(cursor=9, more=False, scope=scope)]
    return [encode_frames([*frames, *(message_frame(each) for each in end)])]


def parted(scope: str = "", **others: int) -> SyncClient:
    """A device that has parted with one case of which it had held everything up to number 5."""
    client = SyncClient("d1", "0.1.0", Standing(scope=scope))
    client.let_go({CASE: 5, **others})
    return client


def forgotten(client: SyncClient, received: Received) -> tuple[str, ...]:
    """Of which cases that left the host has to take away what it still keeps."""
    return keeping(received, client, (), lambda _: []).forgotten


REVOKE = message_frame(Revoke(CASE, 9))  # what a feed says of a case that was erased, or went to another unit


def test_a_case_that_left_is_not_fed_again_by_mistake() -> None:
    client = parted()
    client.request()
    received = client.read(answer(pulled(1, 4), pulled(2, 5), pulled(3, 5, OTHER)))
    assert [each.case_id for each in received.acts] == [OTHER]
    assert not received.recalled
    assert received.own_seq == 3, "its own numbers are learnt all the same"
    client.commit(received)
    assert CASE in client.left


def test_something_new_in_it_asks_for_all_of_it() -> None:
    client = parted()
    client.request()
    received = client.read(answer(pulled(3, 8)))
    assert (received.acts, received.recalled) == ([], {CASE})
    assert client.commit(received) == 0, "asked for at once"
    hello, _, _ = said(client.request())
    assert hello.want == (CASE,)
    whole = [pulled(1, 4), pulled(2, 5), pulled(3, 8), message_frame(WholeCase(CASE, 3)), pulled(3, 8)]
    received = client.read(answer(*whole))
    assert received.returned == [CASE]
    assert [each.log_index for each in received.acts] == [4, 5, 8, 8]
    client.commit(received)
    assert (client.left, client.wanted) == ({}, {})


def test_half_a_case_does_not_come_back() -> None:
    client = parted()
    client.want(CASE)
    client.request()
    cut = encode_frames([pulled(1, 4), pulled(2, 5)])
    received = client.read([cut])
    assert (received.acts, received.returned) == ([], [])
    client.commit(received)
    assert said(client.request())[0].want == (CASE,)
    with pytest.raises(Malformed):
        client.read(answer(pulled(1, 4), message_frame(WholeCase(CASE, 2))))
    client.request()
    with pytest.raises(Malformed):
        client.read(answer(message_frame(WholeCase(OTHER, 0))))


def test_a_case_out_of_scope_is_forgotten_and_an_older_record_is_not_pressed() -> None:
    client = parted()
    client.want(OTHER)
    assert client.wanted == {}, "only what left can be asked back"
    client.want(CASE)
    client.request()
    assert client.commit(client.read(answer())) > 0, "no answer to the asking: not at once again"
    client.request()
    received = client.read(answer(message_frame(WholeCase(CASE, 0))))
    client.commit(received)
    assert (client.left, client.wanted) == ({}, {})


@pytest.mark.parametrize("wanted", [False, True], ids=["away", "asked back"])
def test_a_case_that_left_and_is_erased_then_leaves_not_even_its_title(wanted: bool) -> None:
    client = parted(**{OTHER: 5})
    if wanted:
        client.want(CASE)
    client.request()
    whole = [message_frame(WholeCase(CASE, 0))] if wanted else []
    received = client.read(answer(*whole, REVOKE))
    assert forgotten(client, received) == (CASE,)
    client.commit(received)
    assert (client.left, client.wanted) == ({OTHER: 5}, {})


def test_a_cut_answer_and_an_answer_told_again_forget_it_alike() -> None:
    client = parted()
    for _ in range(2):
        client.request()
        received = client.read([encode_frames([REVOKE])])
        client.commit(received)
        assert client.left == {}


def test_what_is_on_the_device_when_it_is_erased_leaves_as_ever() -> None:
    client = SyncClient("d1", "0.1.0")
    client.request()
    received = client.read(answer(REVOKE), [CASE])
    assert (received.purge, forgotten(client, received)) == ((CASE,), ())


def test_one_that_came_back_and_was_erased_in_the_same_breath_is_purged() -> None:
    client = parted()
    client.want(CASE)
    client.request()
    received = client.read(answer(pulled(1, 4), pulled(2, 5), message_frame(WholeCase(CASE, 2)), REVOKE))
    assert (received.purge, forgotten(client, received)) == ((CASE,), ())
    client.commit(received)
    assert (client.left, client.wanted) == ({}, {})


def test_a_case_that_went_and_came_again_while_it_was_away_is_here_again_whole() -> None:
    """The feed tells of its return from its beginning, and of the parting no more."""
    client = parted()
    client.request()
    received = client.read(answer(REVOKE, pulled(1, 4), pulled(2, 5), pulled(3, 8)))
    assert [each.log_index for each in received.acts] == [4, 5, 8]
    assert (received.purge, forgotten(client, received), received.recalled) == ((), (), set())
    client.commit(received)
    assert client.left == {}


def test_in_another_unit_nothing_stays_of_what_left_in_the_last_one() -> None:
    client = parted(scope="shihe/2", **{OTHER: 5})
    client.want(OTHER)  # answered by itself: it may be the new unit's as well
    client.request()
    moved = message_frame(End(0, more=True, scope="linye/2"))
    received = client.read(answer(moved, pulled(4, 5, OTHER), message_frame(WholeCase(OTHER, 1)), scope="linye/2"))
    assert (forgotten(client, received), received.returned) == ((CASE,), [OTHER])
    client.commit(received)
    assert client.left == {}


@pytest.mark.parametrize("by", ["line", "stick"])
def test_of_what_left_a_withdrawn_device_keeps_nothing(by: str) -> None:
    client = parted(scope="shihe/2")
    client.want(CASE)
    client.request()
    if by == "line":
        received = client.read(answer(scope=REVOKED_SCOPE))
        client.commit(received)
    else:
        received = client.read_carried(Carried("d1", "", 1, problem="device_revoked"), [])
        client.settle(received)
    assert received.out_of_scope == {CASE}
    assert (client.left, client.wanted) == ({}, {})


def test_hello_asks_for_a_limited_number() -> None:
    client = SyncClient("d1", "0.1.0")
    client.let_go({f"{n:032x}": 1 for n in range(30)})
    for n in range(30):
        client.want(f"{n:032x}")
    hello = said(client.request())[0]
    assert isinstance(hello, Hello)
    assert len(hello.want) == 20
