"""The time of a special procedure is what the person must be told (JY-3.3.5): no telling without it, old ones stay."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from day_office import in_front_of
from law import Desk as LawDesk
from law import act, hash_of, service

from e2e.further_steps import MATTER, TAKEN, FurtherStep

UNTOLD = ("start_procedure", {"id": "K9-7", "procedure": "on_site_check", "told": False})
FORESEEN = ("start_procedure", {**UNTOLD[1], "expected_workdays": 12})
ACCEPTED = FurtherStep(MATTER["JY"], (TAKEN,))


def test_the_notice_asks_for_the_working_days_and_is_not_taken_without_them() -> None:
    desk, case = in_front_of(FurtherStep(MATTER["JY"], (TAKEN, UNTOLD)), "JY")
    shown = desk.get(f"{case}/do/notify_procedure_time").html
    assert "所需工作日数" in shown
    assert "所需工作日数（选填）" not in shown
    refused = desk.post(f"{case}/do/notify_procedure_time", key="1", procedure_id="K9-7", expected_workdays="")
    assert (refused.status, refused.acts) == (422, ())
    assert 'href="#expected_workdays"' in refused.html
    taken = desk.post(f"{case}/do/notify_procedure_time", key="1", procedure_id="K9-7", expected_workdays="12")
    assert taken.status == 303
    assert "12个工作日" in desk.get(f"{case}/slips/F-14").html


def test_the_notice_is_filled_with_the_days_that_the_start_foresaw() -> None:
    desk, case = in_front_of(FurtherStep(MATTER["JY"], (TAKEN, FORESEEN)), "JY")
    assert 'value="12"' in desk.get(f"{case}/do/notify_procedure_time").html


@pytest.mark.parametrize(("days", "status"), [("", 422), ("0", 422), ("12", 303)])
def test_a_start_with_the_time_told_needs_the_time(days: str, status: int) -> None:
    desk, case = in_front_of(ACCEPTED, "JY")
    typed = {"procedure": "testing", "expected_workdays": days, "told": "yes"}
    answer = desk.post(f"{case}/do/start_procedure", key="1", **typed)
    assert answer.status == status
    assert ('href="#expected_workdays"' in answer.html) is (status == 422)


def test_a_start_that_tells_nothing_yet_needs_no_time() -> None:
    desk, case = in_front_of(ACCEPTED, "JY")
    assert desk.post(f"{case}/do/start_procedure", key="1", procedure="testing", told="no").status == 303


@pytest.mark.parametrize(
    "events",
    [
        ({"type": "procedure_started", "id": "p", "procedure": "testing", "told": True},),
        (
            {"type": "procedure_started", "id": "p", "procedure": "testing", "told": False},
            {"type": "procedure_time_notified", "id": "p"},
        ),
    ],
)
def test_what_an_earlier_version_recorded_stays_readable_and_counts(events: tuple[dict[str, Any], ...]) -> None:
    desk: LawDesk = service("2026-03-02 10:00")
    desk.acts.append(act(len(desk.acts) + 1, "2026-03-03 10:00", *events, after=(hash_of(len(desk.acts)),)))
    desk.do("2026-03-10 10:00", "finish_procedure", id="p")
    assert desk.look("2026-03-10 11:00").due == date(2026, 3, 23), "4 to 10 March are not counted"


def test_another_procedure_needs_its_name_and_the_form_says_so() -> None:
    desk, case = in_front_of(ACCEPTED, "JY")
    assert "选“其他程序”的，须填写。" in desk.get(f"{case}/do/start_procedure").html
    answer = desk.post(f"{case}/do/start_procedure", key="1", procedure="other")
    assert (answer.status, 'href="#procedure_name"' in answer.html) == (422, True)
