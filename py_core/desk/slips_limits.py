"""Lengths and dates on a printed form: promises, limits, extensions and procedures, as they stood when it was issued."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from py_core.cases.state import Fact
from py_core.desk.slips_subject import Sheet
from py_core.desk.time_words import MORE_WORKDAYS, SAME_DAY, unit_term
from py_core.periods import read_period
from py_core.rules.extension import new_date
from py_core.rules.situation import Situation
from py_core.views.language import N_


def period(sheet: Sheet, value: Any) -> str:
    """A length in words; empty when there is none."""
    if not value:
        return ""
    told = value["period"] if "period" in value else read_period(value, "promise")
    return length(sheet, told.unit, told.n)


def length(sheet: Sheet, unit: str, n: int) -> str:
    """A number with its unit of time; Chinese papers have no blank between the two."""
    return f"{n}{' ' if sheet.english else ''}{sheet.term(unit_term(unit, n))}"


def offer_limit(sheet: Sheet) -> str:
    """What the regulation itself sets for a service's kind of matter: it binds where nothing was promised."""
    pack = sheet.turn.packs.get(sheet.offer.pack) if sheet.offer else None
    matter = pack.matters.get(sheet.offer.matter) if pack and sheet.offer else None
    if matter is None or matter.limit is None:
        return ""
    return period(sheet, {"period": matter.limit.period}) if matter.limit.period.n else sheet.turn.say(SAME_DAY)


def explicit_limit(sheet: Sheet) -> str:
    """The limit that the instruction, letter or document sets itself (P-16)."""
    limit = sheet.opened.case.value("explicit_limit") if sheet.opened else None
    if not limit:
        return ""
    return sheet.day(limit["until"]) if "until" in limit else period(sheet, limit)


def clock_limit(sheet: Sheet) -> str:
    """The length of the limit; while papers are missing no clock runs, and the regulation's own is what is told."""
    found = sheet.as_issued
    told = found.limit.period if found and found.limit else None
    if told is None and sheet.opened is not None and sheet.pack is not None:
        matter = sheet.pack.matters.get(sheet.opened.case.matter)
        told = matter.limit.period if matter and matter.limit else None
    return length(sheet, told.unit, told.n) if told else ""


def due(sheet: Sheet) -> str:
    """The date that was in force when the form was issued."""
    found = sheet.as_issued
    return sheet.day(found.limit.due) if found and found.limit else ""


def deemed_from(sheet: Sheet) -> str:
    """The day from which silence counts as agreement (BZ-XS-5)."""
    found = sheet.as_issued
    return sheet.day(found.limit.due + timedelta(days=1)) if found and found.limit else ""


def extension_before(sheet: Sheet) -> str:
    """The date that the extension would move, as it stood when it was decided (P-10)."""
    situation = _decided(sheet)
    before = situation.due_without_extension() if situation else None
    return sheet.day(before) if before else ""


def extension_cap(sheet: Sheet) -> str:
    """The last day to which the law lets this limit be moved; empty where nothing caps it."""
    situation = _decided(sheet)
    last = situation.extension_cap() if situation else None
    return sheet.day(last) if last else ""


def extension_asked(sheet: Sheet) -> str:
    """What was asked for: the date, or the working days where no date can be counted from."""
    return _new(sheet, sheet.last_before("extension_requested"))


def extension_until(sheet: Sheet) -> str:
    """The new limit that was granted; a refused extension leaves the old one."""
    if sheet.fact is not None and sheet.fact.type == "extension_refused":
        return sheet.turn.say(N_("Not extended: the limit stays as it was"))
    return _new(sheet, sheet.fact) or extension_asked(sheet)


def procedure_end(sheet: Sheet, started: Fact | None) -> str:
    """The day on which a procedure will probably end: its working days after the one on which it began (P-08)."""
    days = next((told for fact in (sheet.fact, started) if fact and (told := fact.data.get("expected_workdays"))), None)
    if started is None or not days or sheet.opened is None:
        return ""
    calendar = sheet.turn.rules.law_of(sheet.opened.case).calendar
    return sheet.day(calendar.workday_after(started.day, days))


def _decided(sheet: Sheet) -> Situation | None:
    """The case right after the decision: the law counts an extension from the limit that stood then."""
    return sheet.situation_at(sheet.fact) if sheet.fact else None


def _new(sheet: Sheet, fact: Fact | None) -> str:
    situation = _decided(sheet)
    if fact is None or situation is None:
        return ""
    before = situation.due_without_extension()
    until = fact.data.get("until") or (new_date(fact.data, before, situation.timing) if before else None)
    if until is not None:
        return sheet.day(until)
    days = fact.data.get("workdays")
    if not days:
        return ""
    more = sheet.turn.count(MORE_WORKDAYS, days)
    return more if sheet.english else more.replace(" ", "")
