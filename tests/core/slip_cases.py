"""One case per printed form, each step decided by the law and recorded as a host would; `say` makes every typed text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fakes import DIRECTORY, Desk, FakeStore

from py_core.calendars import national
from py_core.cases.acts import Act
from py_core.cases.commands import ALL_ROLES, Command, Context, decide
from py_core.cases.history import order
from py_core.cases.state import fold
from py_core.desk.ports import NewAct
from py_core.directory import Directory, Post
from py_core.packs import load_packs
from py_core.values import LOCAL

Say = Callable[[str], str]
Step = tuple[str, str, Mapping[str, Any]]  # when, command, fields
PACKS = load_packs()
OFFER = replace(
    DIRECTORY.offers["temp-water"],
    scope="本镇范围内的临时用水", conditions="有用地证明的工地", procedure="申请、踏勘、批准", standard="一次办好",
    responsibility="逾期由承办单位负责", functions="供水管理", policy="节约用水规定", result="许可决定书", handler="wang",
)  # fmt: skip
CITY: Directory = replace(
    DIRECTORY,
    offers={**DIRECTORY.offers, "temp-water": OFFER},
    posts={"counter": Post("counter", "xingqiao", "综合受理岗", "General counter", "lin", "zhou")},
)
WALK_IN = {"channel": "walk_in", "unit": "xingqiao", "signed": True}
SERVICE = {
    **WALK_IN, "pack": "JY", "matter": "service", "claimant": "person", "offer": "temp-water", "offer_version": 2,
    "promise": {"n": 10, "unit": "workday"}, "statutory": {"n": 20, "unit": "workday", "extension": 10},
    "completion_event": "decision_issued", "materials": [{"name": "申请表", "copies": 1}, {"name": "用地证明", "copies": 2}],
    "materials_complete": True, "accept_by": "lin",
}  # fmt: skip
RECEIPT = {"issue_receipt": True, "first_responder_phone": "0510-86010011", "promised": "2026-01-08", "complaint_phone": "0510-86010009"}  # fmt: skip
LETTER = {**WALK_IN, "pack": "WH", "matter": "letter", "claimant": "person"}
OUTSIDE = {**WALK_IN, "pack": "BZ", "matter": "approval", "claimant": "outside_unit"}
DOCUMENT = {
    "pack": "BZ",
    "matter": "request_document",
    "channel": "document",
    "claimant": "outside_unit",
    "unit": "xingqiao",
}
CALL = {"pack": "HL", "matter": "citizen", "channel": "hotline", "claimant": "person", "request_kind": "complaint",
        "place": "星桥镇北街 8 号", "unit": "centre", "deliver_to": "xingqiao", "accept_by": "xingqiao"}  # fmt: skip


def steps_of(form: str, say: Say) -> tuple[dict[str, Any], list[Step]]:
    """The registration and the later steps that lead to a form."""
    why = say("因连日降雨，现场踏勘无法按期进行，须待积水排除后完成。")
    extension: list[Step] = [
        ("2025-12-29 09:00", "request_extension", {"reason": why, "until": "2026-01-15"}),
        ("2025-12-29 15:00", "approve_extension", {"by_role": "unit_head", "until": "2026-01-15", "opinion": say("同意")}),
        ("2025-12-30 09:00", "notify_extension", {"reason": why, "until": "2026-01-15", "form": "written"}),
    ]  # fmt: skip
    refusal: list[Step] = [
        ("2025-12-25 09:00", "propose_refusal", {"reason": why}),
        ("2025-12-25 10:00", "report_refusal", {"note": say("报分管领导")}),
        ("2025-12-25 11:00", "mark_refusal_major", {}),
        ("2025-12-26 09:00", "record_leaders_meeting", {"opinion": say("不予受理")}),
        ("2025-12-26 10:00", "decide_refusal", {"outcome": "agree", "note": say("同意")}),
        ("2025-12-29 09:00", "notify_refusal", {"reason": why, "form": "written"}),
    ]
    chain: list[Step] = [
        ("2025-12-26 09:00", "reply", {"text": say("已责令停工，夜间不再施工。"), "opinion": "satisfied"}),
        ("2025-12-26 10:00", "feed_back", {"text": say("已责令停工，诉求人满意。")}),
        ("2025-12-26 11:00", "pass_review", {"note": say("属实")}),
        ("2025-12-27 09:00", "call_back", {"result": "satisfied", "consistent": True, "quality": "good"}),
    ]
    procedure: list[Step] = [
        ("2025-12-25 09:00", "start_procedure", {"id": "K7Q-9", "procedure": "on_site_check", "expected_workdays": 12}),
        ("2025-12-25 10:00", "notify_procedure_time", {"id": "K7Q-9", "expected_workdays": 12}),
    ]
    lead: list[Step] = [
        ("2025-12-24 10:30", "request_lead", {"note": say("涉及两个单位")}),
        ("2025-12-24 11:00", "designate_lead", {"lead": "shuiwu", "handler": "wang", "assists": ["xingqiao"]}),
    ]  # fmt: skip
    lacking = {**SERVICE, "materials_complete": False, "corrections": [say("用地证明缺原件"), say("申请表未签字")]}
    lacking.pop("accept_by")
    waiting = {key: value for key, value in SERVICE.items() if key != "accept_by"}
    found: dict[str, tuple[dict[str, Any], list[Step]]] = {
        "F-01": ({**SERVICE, **RECEIPT}, []),
        "F-02": ({**SERVICE, **RECEIPT}, []),
        "F-03": (LETTER, []),
        "F-04": (lacking, []),
        "F-05": (lacking, [("2025-12-26 09:00", "complete_materials", {"materials": [{"name": say("用地证明"), "copies": 1}]})]),
        "F-06": (SERVICE, [("2025-12-25 09:00", "notify_refusal", {"reason": why, "form": "written"})]),
        "F-07": (waiting, [("2025-12-24 11:00", "refer_out", {"to_body": say("市自然资源局"), "explanation": why})]),
        "F-08": (LETTER, [("2025-12-24 11:00", "hand_over", {"to": "shuiwu", "note": say("请尽快")})]),
        "F-09": (LETTER, lead),
        "F-10": (LETTER, [("2025-12-24 12:00", "give_instruction", {"text": say("请加强督查，按期办结。")})]),
        "F-11": ({**LETTER, "matter": "instruction.general"}, [("2025-12-26 09:00", "report_back", {"text": say("已办结。")})]),
        "F-12": (SERVICE, extension),
        "F-13": (SERVICE, extension),
        "F-14": (SERVICE, procedure),
        "F-15": (OUTSIDE, refusal),
        "F-16": (OUTSIDE, refusal),
        "F-17": (OUTSIDE, refusal),
        "F-18": (DOCUMENT, []),
        "F-19": (
            {**DOCUMENT, "explicit_limit": {"n": 3, "unit": "workday"}},
            [("2026-01-20 08:00", "confirm_deemed_consent", {"consequences": say("由办理单位负责补办有关手续。")})],
        ),
        "F-20": (SERVICE, [("2025-12-30 09:00", "issue_decision", {"text": say("准予临时用水三个月。")})]),
        "F-21": ({**SERVICE, "completion_event": "forwarded_up"}, [("2025-12-30 09:00", "forward_up", {"to": say("市水务局")})]),
        "F-24": (OUTSIDE, [
            ("2025-12-25 08:00", "record_absence", {"who": "A", "from": "2025-12-25", "to": "2025-12-26", "briefed": True}),
            ("2025-12-25 08:10", "record_absence", {"who": "B", "from": "2025-12-25", "to": "2025-12-26", "briefed": True}),
            ("2025-12-25 08:30", "arrange_acting", {"by": "head", "who": "zhou"}),
        ]),
        "F-30": (CALL, []),
        "F-31": (CALL, []),
        "F-32": (CALL, [("2025-12-24 14:00", "request_return", {"reason": why})]),
        "F-33": (CALL, chain),
        "F-34": (CALL, chain),
        "F-35": (CALL, chain),
        "F-36": (CALL, chain),
        "F-37": (CALL, [("2026-01-05 09:00", "start_supervision", {"trigger": "HL-8(1)", "instruction": say("三日内办结。")})]),
    }  # fmt: skip
    fields, steps = found[form]
    texts = {
        "title": say("工地临时用水"), "text": say("工地三个月临时用水，请求批准。"), "claimant_name": say("赵六"),
        "claimant_phone": say("13812345678"), "claimant_address": say("星桥镇中心路 3 号"), "number": "K7Q-000001",
    }  # fmt: skip
    return {**texts, **fields}, steps


CASE_FORMS = (
    *(f"F-{n:02}" for n in range(1, 22)), "F-24", *(f"F-{n}" for n in range(30, 38)),
)  # fmt: skip
# Forms about an entry of the directory, and the entry.
OF_THE_CITY = {"F-22": "xingqiao", "F-23": "lin", "F-25": "xingqiao", "F-26": "temp-water", "F-27": "temp-water", "F-28": "xingqiao",
               "F-29": "lin"}  # fmt: skip
LOOKED_AT = {"F-19": "2026-01-20 09:00", "F-37": "2026-01-05 09:10"}


def city_with(form: str, say: Say = str, *, without: tuple[str, ...] = ()) -> tuple[Desk, str]:
    """A desk whose store holds the case of a form, and the case's id; `without` names fields left out of its acts."""
    store = FakeStore(CITY)
    case_id = f"{int(form[2:]):032x}"
    fields, steps = steps_of(form, say)
    when = "2025-12-24 10:00"
    for moment, command, given in [(when, "register", fields), *steps]:
        given = {key: value for key, value in given.items() if key not in without}
        record(store, case_id, moment, command, given)
        when = moment
        if form in ("F-12", "F-15", "F-16", "F-33", "F-34", "F-35") and command == _LAST.get(form):
            break
    now = datetime.fromisoformat(LOOKED_AT.get(form, when)).replace(tzinfo=LOCAL)
    return Desk("lin", store=store, now=now + timedelta(minutes=5)), case_id


_LAST = {
    "F-12": "approve_extension", "F-15": "report_refusal", "F-16": "record_leaders_meeting", "F-33": "reply",
    "F-34": "feed_back", "F-35": "pass_review",
}  # fmt: skip


def case_of(fields: Mapping[str, Any], steps: list[Step]) -> tuple[Desk, str]:
    """A desk whose store holds one case registered so and led on by these steps, and the case's id."""
    store, case_id, when = FakeStore(CITY), f"{77:032x}", "2025-12-24 10:00"
    told = {"title": "工地临时用水", "text": "工地三个月临时用水。", "claimant_name": "赵六", "claimant_phone": "13812345678",
            "number": "K7Q-000001"}  # fmt: skip
    for moment, command, given in [(when, "register", {**told, **fields}), *steps]:
        record(store, case_id, moment, command, given)
        when = moment
    now = datetime.fromisoformat(when).replace(tzinfo=LOCAL)
    return Desk("lin", store=store, now=now + timedelta(minutes=5)), case_id


def record(store: FakeStore, case_id: str, moment: str, command: str, fields: Mapping[str, Any]) -> None:
    """One step, decided by the law and recorded as a host would."""
    now = datetime.fromisoformat(moment).replace(tzinfo=LOCAL)
    known = store.case(case_id)
    case = fold(case_id, order(known.acts)) if known else None
    user = {"approve_extension": "head", "give_instruction": "head", "start_supervision": "chen"}.get(command, "lin")
    context = Context(now, PACKS, national(), {}, user=user, roles=ALL_ROLES, unit="xingqiao")
    record_events(store, case_id, moment, *decide(case, Command(command, fields), context), kind=command, user=user)


def record_events(
    store: FakeStore, case_id: str, moment: str, *events: Mapping[str, Any], kind: str = "test", user: str = "lin"
) -> None:
    """One act with these events, also such as this version would not decide any more."""
    now = datetime.fromisoformat(moment).replace(tzinfo=LOCAL)
    number = sum(len(acts) for acts in store.acts.values()) + 1
    act = Act(kind, events, user, f"device-{user}", number, now, now, None, None, PACKS.version, "0.1.0")
    store.record(NewAct(case_id, act.text()), now)
