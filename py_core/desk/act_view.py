"""One recorded act as a page shows it: what, who, and the times with what each of them proves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from py_core.cases.acts import Act, Event, RecordedAct
from py_core.cases.events import EVENTS, FieldSpec
from py_core.desk import secrecy
from py_core.desk.attached_view import attachment_views, signature_views
from py_core.desk.city_words import cause_of, retention_rule_name
from py_core.desk.event_words import EVENT_TITLES, LEFT_OUT
from py_core.desk.proof_words import proven_up_to
from py_core.desk.proposal_words import proposal_words, trigger_words
from py_core.desk.time_words import time_notes, unsure_time, window_start
from py_core.desk.turn import OpenCase, Turn
from py_core.enclosed import attachments_of, drawings_of
from py_core.packs import Pack
from py_core.views import language
from py_core.views.language import N_

# Registration fields that have their own place on the case page.
_SHOWN_ELSEWHERE = frozenset(
    {
        "pack", "matter", "claimant_name", "claimant_phone", "claimant_id", "claimant_address", "materials", "title",
        "text", "place", "unit", "number", "offer", "offer_version", "promise", "statutory", "completion_event",
        "claimant", "staff", "acts", "code", "claimant_ref", "request_kind",
        "visit", "beside",
    }
)  # fmt: skip

_NAMES_ONLY = frozenset(
    {"pack", "matter", "offer", "acts", "code", "visit", "materials", "steps", "beside"}
)  # no words for people

WINDOW = N_("between %(after)s and %(before)s")
WINDOW_OPEN = N_("after %(after)s; the end is proved when the act reaches the record")
WINDOW_LATE = N_("before %(before)s; the device's running time is not known")
WINDOW_NONE = N_("not proved: the device has had no contact whose running time is known")


Facts = Callable[[Event], list[dict[str, str]]]
"""What an event says, in lines of label and text."""


def act_view(
    turn: Turn, opened: OpenCase, recorded: RecordedAct, contested: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Everything that the timeline and the reconciliation page show about one act of a case."""
    pack = opened.pack
    user = recorded.act.user
    return act_line(turn, recorded, lambda event: _facts(turn, pack, event, user), recorded.hash in contested)


def act_line(turn: Turn, recorded: RecordedAct, facts: Facts, contested: bool = False) -> dict[str, Any]:
    """One act of any document: what, who, its times with what each proves, its ticks; `facts` reads its events."""
    act, lang = recorded.act, turn.lang
    refused = {item.hash: item.reason for item in turn.sync_status.refused}
    person = turn.directory.people.get(act.user)
    unit = turn.directory.units.get(person.unit) if person else None
    who = person.name if person else act.user
    if unit:
        who = f"{unit.en if lang == language.EN else unit.zh} {who}"
    return {
        "hash": recorded.hash[:12],
        "short": recorded.hash[:12],
        "full_hash": recorded.hash,
        "title": act_title(turn, act.events),
        "who": who,
        "happened": language.moment_text(lang, act.occurred_at),
        "happened_full": language.moment_text(lang, act.occurred_at, seconds=True),
        "claimed": language.moment_text(lang, act.claimed_at, seconds=True),
        "window": provable_window(turn, recorded),
        "proven": proven_up_to(turn, recorded),
        "unsure": unsure_time(turn, recorded),
        "time_notes": time_notes(turn, recorded),
        "received": language.moment_text(lang, recorded.received_at, seconds=True)
        if recorded.received_at
        else turn.say(N_("not yet")),
        "device": act.device[:12],
        "tick": "refused" if recorded.hash in refused else "record" if recorded.received_at else "device",
        "reason": quarantine_reason(turn, refused[recorded.hash]) if recorded.hash in refused else "",
        "contested": contested,
        "attachments": attachment_views(turn, attachments_of(act.events)),
        "signatures": signature_views(turn, drawings_of(act.events)),
        "facts": [fact for event in act.events for fact in facts(event)],
    }


def act_title(turn: Turn, events: tuple[Event, ...]) -> str:
    """The titles of an act's events, joined; a type of a newer version is shown by its key."""
    titles = [turn.say(_title(event)) or str(event.get("type"))[:40] for event in events]
    return " · ".join(dict.fromkeys(titles))


def _title(event: Event) -> str:
    if event.get("type") == "noted" and event.get("absent"):
        return LEFT_OUT
    return EVENT_TITLES.get(str(event.get("type")), "")


def provable_window(turn: Turn, recorded: RecordedAct) -> str:
    """In words: true recording time lies between the last contact before the act and its arrival in the record."""
    after, before = window_start(recorded), recorded.received_at
    texts = {
        "after": language.moment_text(turn.lang, after, seconds=True) if after else "",
        "before": language.moment_text(turn.lang, before, seconds=True) if before else "",
    }
    if after and before:
        return turn.say(WINDOW, **texts)
    if after:
        return turn.say(WINDOW_OPEN, **texts)
    return turn.say(WINDOW_LATE, **texts) if before else turn.say(WINDOW_NONE)


# The gate's codes (server/gate.py, server/trial.py, server/engine.py) in words.
QUARANTINE_REASONS: Mapping[str, str] = {
    "malformed": N_("its bytes are not those of one change"),
    "not_an_act": N_("its form is not that of an act"),
    "unreadable_event": N_("the record cannot read one of its events"),
    "wrong_signature": N_("the signature does not fit"),
    "device_revoked": N_("the device is not enrolled or was withdrawn"),
    "device_frozen": N_("the device's profile exists twice, so it has to be enrolled anew"),
    "other_device": N_("it names another device than the one that sent it"),
    "others_act": N_(
        "another device made it; this one handed in its copy, because the city record came back from a backup without it"
    ),
    "other_person": N_("it names another person than the one of this device"),
    "unknown_person": N_("its person is not in the city's directory"),
    "unknown_actor": N_("the device did not announce this writer"),
    "foreign_actor": N_("its writer belongs to another device"),
    "actor_forked": N_("the same writer wrote two different acts under one number; the browser profile may be a copy"),
    "wrong_actor_sequence": N_("an act of the same writer is missing before it"),
    "sequence_reused": N_("its number in the device's order was already used"),
    "wrong_operation_number": N_("it does not continue the case's document"),
    "redundant_causes": N_("it names causes that it need not name"),
    "missing_dependency": N_("an act that it builds on has not arrived"),
    "second_beginning": N_("the case had already begun elsewhere"),
    "no_registration": N_("the case does not begin with a registration"),
    "unknown_unit": N_("it names a unit that the city does not have"),
    "time_not_told": N_("it says that the time of a procedure was told, but not how many working days it needs"),
    "reporter_in_case": N_("it would tell in the case who reported somebody: register it again with a newer app"),
    "reporter_of_others_case": N_("it tells who reported something that somebody else took down"),
    "in_another_case": N_("the same change already stands in another case"),
    "foreign_scope": N_("the case is outside what this device may write, or has left it"),
    "case_erased": N_("the content of its case was erased after its period, so nothing can be added to it"),
    "left_out": N_("the centre decided to leave it out"),
    "not_authorised": N_("the person's role does not include this act"),
    "not_in_post": N_("the person held no post on the day of this act"),
    "unknown_law": N_("it follows a version of the rules that the record does not know yet"),
    "false_beacon": N_("it rests on a contact that the record never had"),
    "not_at_the_end": N_("it is not an addition at the end of the case"),
    "engine_read_otherwise": N_("the document engine read something else in it"),
    "engine_lost_it": N_("the document engine did not keep it"),
    "engine_refused": N_("the document engine did not take it"),
    "engine_panicked": N_("the document engine failed on it"),
    "engine_timeout": N_("the document engine needed too long for it"),
    "engine_died": N_("the document engine failed on it"),
}


UNKNOWN_REASON = N_("the record gives a reason that this version does not know; update the program to read it")


def quarantine_reason(turn: Turn, code: str) -> str:
    """Why the record's gate held an act back, in words; a code of a newer record gets the general ones."""
    return turn.say(QUARANTINE_REASONS.get(code, UNKNOWN_REASON))


def facts_of(turn: Turn, act: Act) -> list[dict[str, str]]:
    """What an act says that stands in no case (yet): all its fields in words, without the names of a regulation."""
    return [fact for event in act.events for fact in _facts(turn, None, event, act.user, _NAMES_ONLY)]


def facts_in_case(turn: Turn, opened: OpenCase, event: Event) -> list[dict[str, str]]:
    """What an event says, as the timeline of its case would show it."""
    return _facts(turn, opened.pack, event, turn.identity.user)


def _facts(
    turn: Turn, pack: Pack | None, event: Event, user: str, elsewhere: frozenset[str] = _SHOWN_ELSEWHERE
) -> list[dict[str, str]]:
    facts = []
    if event.get("type") != "registered":
        elsewhere = elsewhere - {"text"}  # only a registration's words stand beside the timeline already
    for spec in EVENTS.get(str(event.get("type")), ()):
        value = event.get(spec.name)
        if event.get("type") == "due_recomputed" and spec.name in ("cause", "clock", "cause_text"):
            value = _of_recomputation(turn, pack, spec.name, event)
        if spec.name in elsewhere or value in (None, "", []):
            continue
        if spec.kind in ("period", "limit", "attachments", "strokes") or (spec.name == "by" and value == user):
            continue
        facts.append({"label": turn.say(spec.label), "text": field_text(turn, pack, spec, value)})
    return facts


def _of_recomputation(turn: Turn, pack: Pack | None, name: str, event: Event) -> str | None:
    """The clock by its name in law, the cause in words; the cause's bare hash says nothing to people."""
    if name == "clock" and pack is not None:
        return pack.term(f"clock.{str(event.get('clock')).split(':')[0]}", turn.lang)
    if name == "cause_text":
        return cause_of(turn, str(event.get("cause")), str(event.get("cause_text") or ""))
    return None if name == "cause" else str(event.get(name))


def field_text(turn: Turn, pack: Pack | None, spec: FieldSpec, value: Any) -> str:
    """A field's value in words of the page's language."""
    if secrecy.is_masked(spec.name):
        return secrecy.masked(spec.name, value)
    if isinstance(value, bool):
        return turn.say(N_("yes")) if value else turn.say(N_("no"))
    if spec.kind == "choice" and pack is not None:
        return pack.term(f"{spec.term}.{value}", turn.lang)
    if spec.name == "proposal" and pack is not None:
        return proposal_words(turn, pack, str(value))
    if spec.name == "trigger" and pack is not None:
        return trigger_words(turn, pack, str(value))
    if isinstance(value, datetime):
        return language.moment_text(turn.lang, value)
    if spec.kind == "date" or isinstance(value, date):
        try:
            day = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
        except ValueError:
            return str(value)
        return language.day_text(turn.lang, day)
    if isinstance(value, (list, tuple)):
        return turn.say(N_("; ")).join(_item_text(turn, pack, spec, item) for item in value)
    text = str(value)
    if spec.name == "rule":
        return retention_rule_name(turn, text)
    unit = turn.directory.units.get(text)
    if unit is not None and spec.name in ("to", "by", "lead", "unit", "assists"):
        return unit.en if turn.lang == language.EN else unit.zh
    person = turn.directory.people.get(text)
    if person is not None and spec.name in ("by", "handler", "who", "stand_in", "person", "absent", "against"):
        return person.name
    if spec.name == "by_role" and pack is not None:
        return pack.term(f"role.{text}", turn.lang)
    return text


def _item_text(turn: Turn, pack: Pack | None, spec: FieldSpec, item: Any) -> str:
    """One entry of a list: a paper with its copies, a step with its length, a unit, or words."""
    if spec.kind == "materials":
        name, copies = (item["name"], item["copies"]) if isinstance(item, Mapping) else item
        return f"{name} × {copies}"
    if spec.kind == "steps":
        unit, n = (item["unit"], item["n"]) if isinstance(item, Mapping) else item
        days = pack.term("unit.workday", turn.lang) if pack else ""
        return f"{field_text(turn, pack, replace(spec, kind='text', name='unit'), unit)} {n} {days}".strip()
    return field_text(turn, pack, replace(spec, kind="text"), item)
