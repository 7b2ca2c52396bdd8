"""Explanations as sentences in Chinese or English, from the steps that the engine gives as data.

Owns the wording. Must not count or decide; names of law come from the packs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from py_core.packs import Pack
from py_core.rules.assessment import Step
from py_core.views.language import N_, chosen, day_text, moment_text, translate


@dataclass(frozen=True, slots=True)
class Sentence:
    """One step in words, with the article and the policy on which it rests."""

    text: str
    article: str
    policy: str

    def __str__(self) -> str:
        sources = " · ".join(part for part in (self.article, self.policy) if part)
        return f"{self.text} [{sources}]" if sources else self.text


_SENTENCES: Mapping[str, str] = {
    "limit": N_("%(clock)s: %(n)s %(unit)s."),
    "same_day": N_("%(clock)s: the same day, until it ends; rest days count too."),
    "fixed_date": N_("The date itself is given: %(day)s, included."),
    "bare_day": N_("The text says only “day”; it is read as %(read_as)s."),
    "day_zero": N_("Day 0 is %(day)s (%(event)s, %(moment)s); it is not counted."),
    "day_of_event": N_("It counts from %(event)s, %(moment)s."),
    "day_zero_moved": N_("Received on %(from)s outside office time, so day 0 is %(day)s."),
    "deemed_start": N_("Nobody told the corrections by %(notice_due)s, so the papers of %(day)s count as received."),
    "counted": N_("Working day %(numbers)s: %(days)s."),
    "counted_days": N_("Working days %(numbers)s: %(days)s."),
    "counted_total": N_("%(n)s working days from %(from)s to %(to)s."),
    "makeup": N_("%(day)s is worked in exchange for %(holiday)s and counts."),
    "skipped": N_("Not counted: %(days)s (%(holiday)s)."),
    "calendar_end": N_("%(n)s %(unit)s later is %(day)s."),
    "rolled": N_("%(from)s is a rest day (%(holiday)s), so the end moves to %(to)s."),
    "not_rolled": N_("%(day)s is a rest day, but this date does not move."),
    "excluded": N_("%(procedures)s after %(from)s until %(to)s: %(n)s %(unit)s not counted."),
    "excluded_so_far": N_("%(procedures)s since %(from)s, still going on: %(n)s %(unit)s not counted so far."),
    "not_excluded": N_("%(procedures)s from %(day)s counts, because the person was not told the time it needs."),
    "moved": N_("The end moves from %(from)s to %(to)s."),
    "extended": N_("Extended from %(from)s to %(to)s: approved by the %(role)s on %(approved)s, told on %(told)s."),
    "extension_void": N_("The extension approved on %(day)s has no effect: %(reason)s."),
    "provisional": N_("The arrangement of %(years)s is not loaded: only weekends and 1 January are assumed to rest."),
    "due": N_("Due on %(day)s, until %(end)s."),
    "counts_on_arrival": N_("%(event)s happened %(moment)s and arrived %(arrived)s; the arrival counts."),
    "stopped_in_time": N_("Done in time: %(event)s, %(moment)s."),
    "stopped_late": N_("Done late: %(event)s, %(moment)s."),
    "referred": N_("The person was guided to the competent body; no limit runs here."),
    "waiting_for_papers": N_("All corrections were told on %(day)s; the limit starts when the papers are complete."),
    "leaders_meeting": N_("The matter is before the leaders' meeting; the notice is counted from its decision."),
    "setting_missing": N_("The regulation leaves the number open and the setting “%(setting)s” is not filled in."),
    "no_number": N_("The text gives no number for this matter; there is no due date."),
    "not_started": N_("The limit has not started: it starts with %(events)s."),
}
_REASONS: Mapping[str, str] = {
    "already_extended": N_("it had been extended before"),
    "wrong_approver": N_("it was not approved by the right person"),
    "late_extension": N_("the old date had already ended"),
    "missing_field": N_("it names no later date"),
    "over_cap": N_("it goes beyond the cap"),
    "not_told": N_("the person was not told before the old date ended"),
    "told_late": N_("the person was told after the old date had ended"),
}
_EVENTS: Mapping[str, str] = {
    "registered": N_("registration"),
    "materials_received": N_("receipt of the papers"),
    "materials_completed": N_("papers complete"),
    "delivered": N_("work order delivered"),
    "accepted": N_("acceptance"),
    "replied": N_("reply"),
    "fed_back": N_("feedback"),
    "decision_issued": N_("decision"),
    "certificate_issued": N_("document issued"),
    "forwarded_up": N_("forwarded upward"),
    "completed": N_("completion"),
    "reported_back": N_("report back"),
    "correction_notified": N_("notice of corrections"),
    "refusal_reported": N_("filing with the leader"),
    "refusal_decided": N_("decision on the refusal"),
    "refusal_notified": N_("refusal told"),
    "referred_out": N_("guidance to another body"),
    "complaint_filed": N_("complaint"),
    "complaint_answered": N_("answer to the complaint"),
    "post_changed": N_("change of the A/B arrangement"),
    "post_change_filed": N_("filing of the A/B change"),
    "lead_designated": N_("naming of the lead unit"),
}
_WEEKEND = N_("weekend")
_RANGE = N_("%(from)s to %(to)s")
_AND = N_(", ")


def explain(steps: Sequence[Step], lang: str, pack: Pack | None) -> list[Sentence]:
    """The steps as sentences in `lang`, each with its article and policy."""
    words = _Words(chosen(lang), pack)
    return [Sentence(words.text(step), step.article, step.policy) for step in steps]


def sentences(steps: Sequence[Step], pack: Pack | None, lang: str) -> list[str]:
    """The steps as plain texts with their sources, for the command line and the contract's `explanation`."""
    return [str(sentence) for sentence in explain(steps, lang, pack)]


class _Words:
    """Turns one step's parameters into the words of one language."""

    def __init__(self, lang: str, pack: Pack | None) -> None:
        self._lang = lang
        self._pack = pack

    def text(self, step: Step) -> str:
        params = {key: self._value(key, value) for key, value in step.params.items()}
        if "from" in step.params and "to" in step.params:
            params["days"] = self._range(step.params["from"], step.params["to"])
        if "first" in step.params:
            first, last = step.params["first"], step.params["last"]
            params["numbers"] = str(first) if first == last else f"{first}–{last}"
        if step.params.get("n") == 1 and "unit" in step.params:
            params["unit"] = self._term(f"unit.{step.params['unit']}.one")
        if "procedure" in step.params:
            params["procedures"] = params["procedure"]
        several = step.code == "counted" and step.params.get("first") != step.params.get("last")
        text = translate(self._lang, _SENTENCES["counted_days" if several else step.code], params)
        return text[:1].upper() + text[1:]

    def _value(self, key: str, value: Any) -> str:
        if isinstance(value, datetime):
            return moment_text(self._lang, value, short=True)
        if isinstance(value, date):
            return day_text(self._lang, value, short=key in ("from", "to", "approved", "told"))
        if key == "holiday":
            name = value["zh" if self._lang.startswith("zh") else "en"]
            return str(name) if name else translate(self._lang, _WEEKEND)
        if key == "event":
            return self._event(value)
        if key == "events":
            return self._joined([self._event(item) for item in value])
        if key == "reason":
            return translate(self._lang, _REASONS[value])
        if key == "procedures":
            return self._joined([self._term(f"procedure.{item}") for item in dict.fromkeys(value)])
        if key == "setting":
            return self._setting(value)
        if key == "years":
            return self._joined([str(item) for item in value])
        prefix = {
            "clock": "clock",
            "unit": "unit",
            "read_as": "bare_unit",
            "role": "role",
            "procedure": "procedure",
        }.get(key)
        if prefix is not None:
            return self._term(f"{prefix}.{str(value).partition(':')[0]}")
        return str(value)

    def _event(self, event_type: str) -> str:
        return translate(self._lang, _EVENTS.get(event_type, event_type))

    def _term(self, key: str) -> str:
        return self._pack.term(key, self._lang) if self._pack is not None else key

    def _setting(self, key: str) -> str:
        setting = self._pack.settings.get(key) if self._pack is not None else None
        if setting is None:
            return key
        return setting.zh if self._lang.startswith("zh") else setting.en

    def _range(self, first: date, last: date) -> str:
        start = day_text(self._lang, first, short=True)
        if first == last:
            return start
        return translate(self._lang, _RANGE, {"from": start, "to": day_text(self._lang, last, short=True)})

    def _joined(self, items: list[str]) -> str:
        return translate(self._lang, _AND).join(items)
