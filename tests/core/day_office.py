"""Everybody of a working day in memory: devices of their own, every form found where it is offered, filled and taken.

`FURTHER` says how a case comes to where a step is offered that no day needs. The tests judge both, `make screens` shows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

from fakes import NOW, Desk, FakeStore
from html_forms import fields_of, filled

from e2e.working_days import DAYS, DRAWN, FANG, LIN, PHOTOGRAPH, RECORD, SUN, Day, Step, typed_on
from py_core.cases.acts import Act
from py_core.cases.commands import ALL_ROLES, Command, Context, decide
from py_core.cases.history import order
from py_core.cases.state import fold
from py_core.desk.ports import NewAct, Request, Response
from py_core.directory import read_directory
from py_core.packs import load_packs
from py_core.rules.engine import assess
from server.demo.data import directory_document

FOUNDING = directory_document()
CITY = read_directory(
    {
        **FOUNDING,
        "public_url": "https://shouwen.example",
        "policies": {**FOUNDING["policies"], "veto_trigger": "书面告诫以上"},
    }
)
PACKS = load_packs()
TABLE = {(pack, transition.command) for transition in PACKS.common.transitions for pack in transition.sources}


@dataclass(frozen=True)
class Way:
    """How a case comes to where a step is offered that no day needs: registration and steps as the core takes them."""

    registered: Mapping[str, Any]
    steps: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    who: str = LIN
    later: timedelta = timedelta(minutes=3)

    def desk(self, pack: str) -> tuple[Desk, str]:
        """Somebody in front of the case, and its address."""
        store, case_id, now = FakeStore(CITY), "ab" * 16, NOW
        fields = {**WALKED_IN, "pack": pack, **self.registered}
        for number, (name, given) in enumerate([("register", fields), *self.steps], 1):
            now += timedelta(minutes=3)
            known = store.case(case_id)
            context = Context(now, PACKS, store.calendar(), CITY.policies, user=LIN, roles=ALL_ROLES, unit="xingqiao")
            events = decide(fold(case_id, order(known.acts)) if known else None, Command(name, given), context)
            act = Act(name, events, LIN, "elsewhere", number, now, now, None, None, PACKS.version, "0.1.0")
            store.record(NewAct(case_id, act.text()), now)
        return Desk(self.who, store=store, now=now + self.later), f"/cases/{case_id}"


WALKED_IN = {
    "channel": "walk_in", "unit": "xingqiao", "claimant": "person", "claimant_name": "顾明华", "title": "补充事项", "number": "K9",
    "claimant_phone": "13800004321",
}  # fmt: skip
MOVED = (
    "recompute_due",
    {"clock": "main", "old_due": "2026-01-05", "new_due": "2026-01-06", "firm": True, "cause": "ab" * 32},
)
COMPLAINED = ("file_complaint", {"about": "投诉"})
BLAMED = ("open_accountability", {"about": "经查属实。"})
VETO = {"year": "2025", "subject": LIN, "cause": "两次被投诉属实", "decision_ref": "澄效能〔2025〕7号"}
SILENT = {"matter": "request_document", "channel": "document", "claimant": "outside_unit"}
LACKING = ("receive_materials", {"complete": False})
CHOSEN = '[{"sha256":"' + "cd" * 32 + '","bytes":9,"type":"image/jpeg","name":"a.jpg"}]'
PEN = '{"width":300,"height":150,"strokes":[[10,10,60,90,120,20]]}'
FILE = {PHOTOGRAPH: CHOSEN, "purpose": "photo"}
MATTER = {
    "WH": {"matter": "letter"}, "BZ": {"matter": "approval"}, "HL": {"matter": "citizen"},
    "JY": {"matter": "service", "promise": {"n": 10, "unit": "workday"}, "completion_event": "decision_issued"},
}  # fmt: skip
PROMISED = {**MATTER["JY"], "matter": "service"}
CERTIFICATE = {**PROMISED, "completion_event": "certificate_issued"}
UPWARD = {**PROMISED, "completion_event": "forwarded_up"}
TAKEN = ("accept", {"by": LIN})
DELIVERED = ("deliver", {"to": "xingqiao"})
FURTHER: dict[tuple[str, str], Way] = {
    **{(pack, "see_due_change"): Way(MATTER[pack], (MOVED,)) for pack in DAYS},
    **{(pack, "attach"): Way(MATTER[pack], (), FILE) for pack in ("WH", "BZ", "JY")},
    **{
        (pack, "reveal_field"): Way(
            {**MATTER[pack], "claimant_phone": "13812345678"}, (), {"field": "claimant_phone", "purpose": "contact"}
        )
        for pack in DAYS
    },
    **{
        (pack, command): Way(MATTER[pack], (COMPLAINED,), typed, FANG)
        for pack in ("WH", "BZ")
        for command, typed in (
            ("decline_proposal", {"proposal": "accountability_file", "reason": "经查不实。"}),
            ("open_accountability", {"about": "经查属实。"}),
        )
    },
    **{
        (pack, "hand_over"): Way(MATTER[pack], (), {"to": "liuxi"}) for pack in ("BZ", "JY")
    },
    **{
        (pack, "refer_out"): Way(MATTER[pack], (), {"to_body": "市教育局", "explanation": "已说明。"})
        for pack in ("BZ", "JY")
    },
    **{(pack, "tell_identity"): Way({**MATTER[pack], "identity_told": False}) for pack in ("WH", "BZ")},
    **{
        (pack, "receive_materials"): Way(registered, (), {"complete": "no", "materials": "申请表 ×1"})
        for pack, registered in (("WH", PROMISED), ("JY", MATTER["JY"]))
    },
    **{
        (pack, "notify_correction"): Way(registered, (LACKING,), {"items": "申请表未签字", "form_of_notice": "written"})
        for pack, registered in (("WH", PROMISED), ("JY", MATTER["JY"]))
    },
    ("WH", "issue_certificate"): Way(CERTIFICATE, (TAKEN,), {"text": "证书"}),
    ("WH", "forward_up"): Way(UPWARD, (TAKEN,), {"to": "市科技局"}),
    ("BZ", "issue_certificate"): Way({**MATTER["BZ"], "completion_event": "certificate_issued"}, (TAKEN,), {"text": "证书"}),
    ("BZ", "forward_up"): Way({**MATTER["BZ"], "completion_event": "forwarded_up"}, (TAKEN,), {"to": "市科协"}),
    ("BZ", "judge_scope"): Way(MATTER["BZ"], (), {"outcome": "own"}),
    ("BZ", "file_complaint"): Way(MATTER["BZ"], (), {"about": "态度不好"}),
    ("BZ", "confirm_deemed_consent"): Way(
        SILENT, (), {"consequences": "由本单位承担。"}, SUN, timedelta(days=20)
    ),
    ("BZ", "record_veto"): Way(MATTER["BZ"], (COMPLAINED, BLAMED), VETO, FANG),
    ("BZ", "withdraw_veto"): Way(
        MATTER["BZ"], (COMPLAINED, BLAMED, ("record_veto", {**VETO, "year": 2025})),
        {"year": "2025", "subject": LIN, "reason": "决定已撤销"}, FANG,
    ),
    ("JY", "judge_scope"): Way(MATTER["JY"], (), {"outcome": "unclear"}),
    ("JY", "complete"): Way({"matter": "contact"}, (TAKEN,), {"text": "已办。"}),
    ("JY", "reply"): Way({"matter": "contact"}, (TAKEN,), {"text": "已答复。"}),
    ("JY", "open_accountability"): Way(MATTER["JY"], (COMPLAINED,), {"about": "经查属实。"}, FANG),
    ("JY", "decline_proposal"): Way(MATTER["JY"], (COMPLAINED,), {"proposal": "accountability_file", "reason": "不实"}, FANG),
    ("HL", "complete"): Way({"matter": "fixed_date", "explicit_limit": {"until": "2026-01-20"}}, (TAKEN,), {"text": "已完成。"}),
    ("HL", "refuse_assist"): Way(
        MATTER["HL"], (DELIVERED, TAKEN, ("deliver", {"to": "liuxi"})), {"by": "liuxi", "note": "拒不配合"}
    ),
    ("HL", "refuse_extension"): Way(
        MATTER["HL"], (DELIVERED, TAKEN, ("request_extension", {"reason": "施工", "workdays": 5})), {"reason": "无需延期"}, FANG
    ),
    ("HL", "decline_proposal"): Way(
        MATTER["HL"], (DELIVERED, ("refuse_ticket", {"within_duty": True})),
        {"proposal": "supervision:HL-8(3)", "reason": "已电话协调。"}, FANG,
    ),
    ("HL", "open_accountability"): Way(
        MATTER["HL"],
        (
            DELIVERED, TAKEN, ("reply", {"text": "已办", "opinion": "satisfied"}), ("feed_back", {"text": "已办"}),
            ("pass_review", {}), ("call_back", {"result": "unsatisfied", "adverse_effect": True}),
        ),
        {"about": "造成不良影响。"}, FANG,
    ),
}  # fmt: skip


class Office:
    """Everybody of a day at devices of their own, which hear of each other only between the windows."""

    def __init__(self, people: list[str]) -> None:
        self.now = NOW
        self.record = FakeStore(CITY)
        self.desks = {who: Desk(who, store=FakeStore(CITY), code=f"K{n}") for n, who in enumerate(people)}
        self.cases: dict[str, str] = {}
        self.visits: dict[str, str] = {}
        self.taken: set[tuple[str, str]] = set()

    def network(self) -> None:
        """A moment with network: the record takes everything, everybody gets everything."""
        self.now += timedelta(minutes=20)
        for desk in self.desks.values():
            self.record.hear(desk.store, self.now)
        for desk in self.desks.values():
            desk.store.acts = {case: list(acts) for case, acts in self.record.acts.items()}

    def take(self, day: Day, step: Step) -> None:
        self.now += timedelta(minutes=2)
        desk = self.desks[step.who]
        desk.now = self.now
        path, query = self.form_of(desk, step)
        page = desk.get(path, **query)
        assert page.status == 200, step
        typed = {name: typed_on(self.now.date(), text) for name, text in typed_of(step).items()}
        if step.is_visit and "case" in typed:
            typed["case"] = self.cases.get(typed["case"], "")
        response = desk.post(path, **filled(page.html, typed))
        assert response.status == 303, (step, re.findall(r'error-message">(?:<.*?</span>)?([^<]*)', response.html))
        assert len(response.acts) == (2 if step.visit else 1)
        (self.visits if step.is_visit else self.cases).setdefault(step.case, response.acts[0].case_id)
        self.taken.add((day.pack, step.do))
        if step.slip:
            self._print(desk, step, response.location or "")

    def form_of(self, desk: Desk, step: Step) -> tuple[str, dict[str, str]]:
        """Where the form stands; it must be offered where the person is who needs it."""
        if step.do == "register":
            if not step.visit:
                return "/register", {}
            visit = self.visits[step.visit]
            assert f'href="/register?visit={visit}"' in desk.get(f"/visits/{visit}").html, step
            return "/register", {"visit": visit}
        if step.do == "visit.plan":
            assert 'href="/visits/plan"' in desk.get("/visits").html
            return "/visits/plan", {}
        at = f"/visits/{self.visits[step.case]}" if step.is_visit else f"/cases/{self.cases[step.case]}"
        path = f"{at}/do/{step.do.removeprefix('visit.')}"
        assert f'href="{path}"' in desk.get(at).html, (step, "is not offered")
        return path, {}

    def _print(self, desk: Desk, step: Step, location: str) -> None:
        path, query = location.partition("?")[0], {}
        if step.slip == RECORD:
            path, query = f"/visits/{self.visits[step.case]}/record", {"paper": "80mm"}
        elif "/slips/" not in path:
            path = f"/cases/{self.cases[step.case]}/slips/{step.slip}"
        assert path.endswith(step.slip), (step, path)
        for lang in ("zh-CN", "en"):
            page = desk.get(path, lang, **query)
            assert page.status == 200, (step, page.html)
            assert "sw-slip" in page.html


class WatchedOffice(Office):
    """An office whose forms are kept as they stood when somebody opened them: step, address, page by language."""

    def __init__(self, people: list[str]) -> None:
        super().__init__(people)
        self.forms: list[tuple[str, str, dict[str, str]]] = []
        self.unfilled: list[tuple[str, str, Response]] = []

    def form_of(self, desk: Desk, step: Step) -> tuple[str, dict[str, str]]:
        path, query = super().form_of(desk, step)
        pages = {lang: desk.get(path, lang, **query).html for lang in ("zh-CN", "en")}
        self.forms.append((step.do, path, pages))
        self.unfilled.append((step.do, path, unfilled(desk, path, pages["zh-CN"])))
        return path, query


def unfilled(desk: Desk, path: str, html: str) -> Response:
    """What a form answers when it is sent with every text and choice left out; nothing is recorded."""
    key = {name: [text] for name, text in fields_of(html)[0].items() if name == "key"}
    return desk.answer(Request("POST", path, {}, key, "zh-CN"))


def typed_of(step: Step) -> dict[str, str]:
    """The typed values under the names of the form: matters stand in a list, papers in boxes."""
    typed = dict(step.typed)
    offer = typed.get("offer", "")
    if offer.startswith("matter:"):
        typed |= {"offer": "matter", "matter": offer}
    if typed.pop("offer_papers", ""):
        typed[f"papers-{offer}"] = "y"
    by_hand = {PHOTOGRAPH: CHOSEN, DRAWN: PEN}
    return {name: by_hand.get(name, text) for name, text in typed.items()}


@cache
def worked(pack: str) -> Office:
    """The whole day of a regulation."""
    day = DAYS[pack]
    office = Office(day.people)
    for window in day.windows:
        office.network()
        for step in window:
            office.take(day, step)
    office.network()
    return office


def state_of(office: Office, case: str) -> str:
    record = office.record.case(office.cases[case])
    assert record is not None
    case_ = fold(record.id, order(record.acts))
    assert case_.ignored == ()
    return assess(case_, PACKS, office.record.calendar(), office.now, {}).state
