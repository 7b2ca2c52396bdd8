"""Steps that no working day needs, as data: how a case comes to where each of them is offered, and what is typed then.

`tests/core/test_working_days.py` takes every one in memory; `e2e/test_canary.py` types canaries into those of them whose
form no day reaches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from e2e.working_days import DAYS, FANG, LIN, PHOTOGRAPH, SUN, WU


@dataclass(frozen=True)
class FurtherStep:
    """Registration and steps as the core takes them, who then finds the form, and how long after the last step."""

    registered: Mapping[str, Any]
    steps: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    who: str = LIN
    later: timedelta = timedelta(minutes=3)

    def commands(self, pack: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every command that makes the case, with its fields."""
        yield "register", {**WALKED_IN, "pack": pack, **self.registered}
        yield from self.steps


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
SAID = {  # what no published service says of a matter
    "basis": "《科技进步法》第四十五条", "scope": "本市科技型企业", "conditions": "注册满一年", "needed": "申请表\n营业执照复印件",
    "procedure": "受理、审查、决定", "fee": "不收费",
}  # fmt: skip
LACKING = ("receive_materials", {"complete": False})
MATTER = {
    "WH": {"matter": "letter"}, "BZ": {"matter": "approval"}, "HL": {"matter": "citizen"},
    "JY": {"matter": "service", "promise": {"n": 10, "unit": "workday"}, "completion_event": "decision_issued"},
}  # fmt: skip
PROMISED = {**MATTER["JY"], "matter": "service"}
CERTIFICATE = {**PROMISED, "completion_event": "certificate_issued"}
UPWARD = {**PROMISED, "completion_event": "forwarded_up"}
TAKEN = ("accept", {"by": LIN})
DELIVERED = ("deliver", {"to": "xingqiao"})
FURTHER: Mapping[tuple[str, str], FurtherStep] = {
    **{(pack, "see_due_change"): FurtherStep(MATTER[pack], (MOVED,)) for pack in DAYS},
    **{(pack, "attach"): FurtherStep(MATTER[pack], (), {PHOTOGRAPH: "photograph", "purpose": "photo"}) for pack in ("WH", "BZ", "JY")},
    **{
        (pack, "reveal_field"): FurtherStep(
            {**MATTER[pack], "claimant_phone": "13812345678"}, (), {"field": "claimant_phone", "purpose": "contact"}
        )
        for pack in DAYS
    },
    **{
        (pack, command): FurtherStep(MATTER[pack], (COMPLAINED,), typed, WU)
        for pack in ("WH", "BZ")
        for command, typed in (
            ("decline_proposal", {"proposal": "accountability_file", "reason": "经查不实。"}),
            ("open_accountability", {"about": "经查属实。"}),
        )
    },
    ("BZ", "hand_over"): FurtherStep(MATTER["BZ"], (), {"to": "liuxi"}),
    **{
        (pack, "refer_out"): FurtherStep(MATTER[pack], (), {"to_body": "市教育局", "explanation": "已说明。"})
        for pack in ("BZ", "JY")
    },
    **{(pack, "tell_identity"): FurtherStep({**MATTER[pack], "identity_told": False}) for pack in ("WH", "BZ")},
    **{
        (pack, "receive_materials"): FurtherStep(registered, (), {"complete": "no", "materials": "申请表 ×1"})
        for pack, registered in (("WH", PROMISED), ("JY", MATTER["JY"]))
    },
    **{
        (pack, "notify_correction"): FurtherStep(
            registered, (LACKING,), {"items": "申请表未签字", "form_of_notice": "written", **said}
        )
        for pack, registered, said in (("WH", PROMISED, SAID), ("JY", MATTER["JY"], {}))
    },
    ("WH", "issue_certificate"): FurtherStep(CERTIFICATE, (TAKEN,), {"text": "证书"}),
    ("WH", "forward_up"): FurtherStep(UPWARD, (TAKEN,), {"to": "市科技局"}),
    ("BZ", "issue_certificate"): FurtherStep({**MATTER["BZ"], "completion_event": "certificate_issued"}, (TAKEN,), {"text": "证书"}),
    ("BZ", "forward_up"): FurtherStep({**MATTER["BZ"], "completion_event": "forwarded_up"}, (TAKEN,), {"to": "市科协"}),
    ("BZ", "judge_scope"): FurtherStep(MATTER["BZ"], (), {"outcome": "own"}),
    ("BZ", "file_complaint"): FurtherStep(MATTER["BZ"], (), {"about": "态度不好"}),
    ("BZ", "confirm_deemed_consent"): FurtherStep(
        SILENT, (), {"consequences": "由本单位承担。"}, SUN, timedelta(days=20)
    ),
    ("BZ", "record_veto"): FurtherStep(MATTER["BZ"], (COMPLAINED, BLAMED), VETO, WU),
    ("BZ", "withdraw_veto"): FurtherStep(
        MATTER["BZ"], (COMPLAINED, BLAMED, ("record_veto", {**VETO, "year": 2025})),
        {"year": "2025", "subject": LIN, "reason": "决定已撤销"}, WU,
    ),
    ("JY", "judge_scope"): FurtherStep(MATTER["JY"], (), {"outcome": "unclear"}),
    ("JY", "complete"): FurtherStep({"matter": "contact"}, (TAKEN,), {"text": "已办。"}),
    ("JY", "reply"): FurtherStep({"matter": "contact"}, (TAKEN,), {"text": "已答复。"}),
    ("JY", "open_accountability"): FurtherStep(MATTER["JY"], (COMPLAINED,), {"about": "经查属实。"}, WU),
    ("JY", "decline_proposal"): FurtherStep(MATTER["JY"], (COMPLAINED,), {"proposal": "accountability_file", "reason": "不实"}, WU),
    ("HL", "complete"): FurtherStep({"matter": "fixed_date", "explicit_limit": {"until": "2026-01-20"}}, (TAKEN,), {"text": "已完成。"}),
    ("HL", "refuse_assist"): FurtherStep(
        MATTER["HL"], (DELIVERED, TAKEN, ("deliver", {"to": "liuxi"})), {"by": "liuxi", "note": "拒不配合"}
    ),
    ("HL", "refuse_extension"): FurtherStep(
        MATTER["HL"], (DELIVERED, TAKEN, ("request_extension", {"reason": "施工", "workdays": 5})), {"reason": "无需延期"}, FANG
    ),
    ("HL", "decline_proposal"): FurtherStep(
        MATTER["HL"], (DELIVERED, ("refuse_ticket", {"within_duty": True})),
        {"proposal": "supervision:HL-8(3)", "reason": "已电话协调。"}, WU,
    ),
    ("HL", "open_accountability"): FurtherStep(
        MATTER["HL"],
        (
            DELIVERED, TAKEN, ("reply", {"text": "已办", "opinion": "satisfied"}), ("feed_back", {"text": "已办"}),
            ("pass_review", {}), ("call_back", {"result": "unsatisfied", "adverse_effect": True}),
        ),
        {"about": "造成不良影响。"}, WU,
    ),
}  # fmt: skip


SETTING = {"veto_trigger": "书面告诫以上"}  # what the regulation leaves to the city, and a veto needs
