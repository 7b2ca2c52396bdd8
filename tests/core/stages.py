"""Cases brought to a stage at which a gate decides."""

from __future__ import annotations

from typing import Any

from law import PROMISE_10, Desk, hotline, registered, service


def outside(matter: str = "contact") -> Desk:
    return registered("BZ", matter, channel="visit", claimant="outside_unit")


def proposed() -> Desk:
    return outside().do("2026-03-02 11:00", "propose_refusal", reason="not eligible")


def reported() -> Desk:
    return proposed().do("2026-03-02 12:00", "report_refusal")


def agreed() -> Desk:
    return reported().do("2026-03-02 14:00", "decide_refusal", outcome="agree")


def major_again() -> Desk:
    """A second grave refusal, after the leaders' meeting on the first one was for correcting it."""
    desk = reported().do("2026-03-02 13:00", "mark_refusal_major")
    desk.do("2026-03-02 14:00", "record_leaders_meeting", opinion="correct it")
    desk.do("2026-03-02 15:00", "decide_refusal", outcome="correct")
    desk.do("2026-03-04 10:00", "propose_refusal", reason="not eligible")
    return desk.do("2026-03-04 11:00", "report_refusal").do("2026-03-04 12:00", "mark_refusal_major")


def letter() -> Desk:
    return registered("WH", "letter", "2025-12-01 09:30", channel="letter", accept_by="section")


def asked() -> Desk:
    return letter().do("2026-01-08 10:00", "request_extension", reason="complex", until="2026-02-06")


def approved() -> Desk:
    return asked().do("2026-01-09 09:00", "approve_extension", by_role="leader")


def extended() -> Desk:
    return approved().do("2026-01-09 15:00", "notify_extension", reason="complex", until="2026-02-06")


def replied() -> Desk:
    return hotline().do("2026-03-03 10:00", "reply", text="done", opinion="satisfied")


def fed_back() -> Desk:
    return replied().do("2026-03-03 11:00", "feed_back")


def reviewed() -> Desk:
    return fed_back().do("2026-03-04 09:00", "pass_review")


def in_testing() -> Desk:
    return service().do("2026-03-03 10:00", "start_procedure", id="p1", procedure="testing", told=False)


def erased() -> Desk:
    """A case whose content was erased after its period."""
    said = {"rule": "cases", "years": 10, "closed_on": "2026-03-03", "kept_until": "2036-03-03", "count": 2}
    done = service().do("2026-03-03 10:00", "complete")
    return done.do("2036-03-04 10:00", "erase_content", **said, hashes="ab" * 32, residue="cd" * 32)


VETO = {"year": 2026, "subject": "unit-1", "cause": "late twice", "decision_ref": "2026-7"}
TRIGGER = {"veto_trigger": "书面告诫以上"}


def silent() -> Desk:
    """A request document that nobody answered within three working days."""
    return registered("BZ", "request_document", channel="document", claimant="outside_unit")


def confirmed() -> Desk:
    return silent().do("2026-03-09 09:00", "confirm_deemed_consent", consequences="the unit bears them")


def complained_of(settings: dict[str, Any] | None = None) -> Desk:
    """A BZ contact about which an accountability file is open, in a city that filled in what leads to a veto."""
    desk = Desk(TRIGGER if settings is None else settings)
    desk.do(
        "2026-03-02 10:00", "register", pack="BZ", matter="contact", channel="visit", claimant="person", signed=True
    )
    return desk.do("2026-03-03 10:00", "open_accountability", about="late")


def vetoed() -> Desk:
    return complained_of().do("2026-03-04 10:00", "record_veto", **VETO)


def handed() -> Desk:
    return registered("WH", "contact").do("2026-03-02 11:00", "hand_over", to="section-2")


def joint() -> Desk:
    return registered("JY", "joint", promise=PROMISE_10)


def reachable() -> Desk:
    """A service whose claimant left a phone number."""
    return registered("JY", "service", promise=PROMISE_10, claimant_phone="13812345678")
