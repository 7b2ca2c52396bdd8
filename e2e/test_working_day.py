"""One full working day without network under each of the four regulations, then the record shows the same.

Six people at devices of their own: counter, stand-in, head, leader, the neighbouring town and the dispatch desk. The
day has a visit to an enterprise with a photograph and a drawn signature, and the stand-in goes on with what the holder
of the post began.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping

import pytest

from e2e.canaries import NEEDLES, files_with, spellings
from e2e.harness import City, Laptop
from e2e.officer import Officer
from e2e.prepared import Prepared
from e2e.test_attachments import CAMERA, notes, taken_by_camera
from e2e.working_day import Office
from e2e.working_days import DAYS, LIN, ZHAO, Day
from py_core.calendars import national
from py_core.cases.acts import RecordedAct
from py_core.cases.history import order
from py_core.cases.state import fold
from py_core.packs import load_packs
from py_core.rules.engine import assess
from py_core.visits import FINISHED, Visit, fold_visit
from server.outside import SystemClock, SystemEntropy
from server.parts import assemble
from server.settings import Settings


@pytest.fixture
def office(pack: str, prepared: Prepared, prepared_city: Callable[..., City], laptop: Callable[..., Laptop]) -> Office:
    """Everybody who works on this day, at their own device."""
    prepared.need(*(who for day in DAYS.values() for who in day.people))  # all at the same time, for the four days
    city = prepared_city(*DAYS[pack].people)
    officers = {who: Officer(laptop(who).open(), city, who) for who in DAYS[pack].people}
    for officer in officers.values():
        officer.unlock()
    return Office(city, officers)


@pytest.mark.parametrize("pack", DAYS)
def test_a_working_day_without_network(pack: str, office: Office, laptop: Callable[..., Laptop]) -> None:
    day = DAYS[pack]
    # A small photograph with the camera's notes.
    office.photograph = taken_by_camera(office.officers[LIN].page, 640, 480)
    office.work(day)
    look_at(day, office)
    nothing_readable(office.city, [laptop(who) for who in day.people])


def look_at(day: Day, office: Office) -> None:
    """After the day everything is in the record, and record and devices say the same."""
    assert len(day.cases) >= 12
    assert {(step.case, step.slip) for step in day.steps if step.slip} <= office.printed

    # Every case and visit reads the same on the devices of those who worked on it and on the record's own page.
    for name in [*day.cases, *day.visits]:
        last = [step.who for step in day.steps if step.case == name][-1]
        told = office.told_by_record(last, name)
        assert told
        assert office.told_on_device(last, name) == told, name
    assert office.taken_over == {*day.taken_over}
    for name in [*day.visits, *day.taken_over]:
        for who in (LIN, ZHAO):  # the holder of the post and the stand-in see one and the same
            assert office.told_on_device(who, name) == office.told_by_record(who, name), (who, name)

    # The record's acts, folded and judged anew, stand where the day leads; nothing contradicts, nothing is held back.
    held = acts_of(office.city, office.places)
    assert day.passed_by in {recorded.act.kind for name in day.taken_over for recorded in held[name]}
    assert {name: state_of(held[name]) for name in day.cases} == dict(day.states)
    for name in day.visits:
        visit = fold_visit(office.places[name].rsplit("/", 1)[1], order(held[name]))
        assert (visit.state, visit.ignored, visit.apart) == (FINISHED, (), ())
        the_signature_is_bound(visit, held[name], office.drawn[name])
        the_photograph_is_there(visit, office)
    drawn_at_the_counter = [name for name in day.cases if name in office.drawn]
    for name in drawn_at_the_counter:
        signed = [event for act in held[name] for event in act.act.events if "strokes" in event]
        assert [event["strokes"] for event in signed] == [json.loads(office.drawn[name])]


def nothing_readable(city: City, laptops: list[Laptop]) -> None:
    """A canary was typed into every field of every form (`tests/core/test_canaries.py`): none stands on any disk, in any
    address, in the server's log.
    """
    for machine in laptops:
        machine.close()
        assert files_with(machine.profile, *NEEDLES) == []
    log = (city.data / "server.log").read_bytes()
    assert log
    assert not [text for text in NEEDLES for spelling in spellings(text) if spelling in log]


def the_signature_is_bound(visit: Visit, acts: tuple[RecordedAct, ...], drawn: str) -> None:
    """The act that the device signed holds the lines as drawn, who signed, and the digest of what was shown then."""
    ordered = order(acts)
    [at] = [index for index, recorded in enumerate(ordered) if recorded.act.kind == "sign"]
    [event] = ordered[at].act.events
    assert event["strokes"] == json.loads(drawn)
    assert event["signer"]
    assert event["content"] == fold_visit(visit.id, ordered[:at]).signed_about == visit.signed_about
    assert visit.signature is not None


def the_photograph_is_there(visit: Visit, office: Office) -> None:
    """The record gives the content that the act names to a colleague who never had it, without the camera's notes."""
    [file] = visit.files
    reader = ZHAO if visit.all("visit_files_added")[0].user == LIN else LIN
    content = office.ask_record(reader, f"/attachments/{file.sha256}").body()
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (file.sha256, file.bytes)
    assert notes(content) == []
    assert CAMERA not in content


def acts_of(city: City, places: Mapping[str, str]) -> dict[str, tuple[RecordedAct, ...]]:
    """The acts of every case and visit as the record's own data hold them, read beside the running server."""
    parts = assemble(Settings(city.data, similar_cases=False), SystemClock(), SystemEntropy())
    try:
        held = parts.casebook.current()
        found = {name: held[place.rsplit("/", 1)[1]].acts for name, place in places.items()}
    finally:
        parts.close()
    assert all(act.received_at is not None for acts in found.values() for act in acts)
    return found


def state_of(acts: tuple[RecordedAct, ...]) -> str:
    case = fold("0" * 32, order(acts))
    assert case.ignored == ()
    return assess(case, load_packs(), national(), SystemClock().now(), {}).state
