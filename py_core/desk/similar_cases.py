"""What is known here about a contact that is being typed: the claimant's cases, likely repetitions, likely units.

Reads the cases of this side only. It shows with the reason and never chooses; nothing of it is stored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from py_core.desk import case_view
from py_core.desk.contact_checks import birth_and_sex, read_identity, read_phone, tidy
from py_core.desk.forms import Form
from py_core.desk.likeness import Described, Like, alike, describe
from py_core.desk.ports import CaseRecord
from py_core.desk.register_choices import APPEAL_PACK
from py_core.desk.turn import OpenCase, Turn, forget_too
from py_core.views import language
from py_core.views.language import N2_, N_

HISTORY_MAX = 6
LIKE_MAX = 5
UNITS_MAX = 3
READ_AT_ONCE = 250  # cases that were not read before; the page asks again for the others
_ALL = 1_000_000
_LIKE_FOR_UNITS = 15
_PHONE_DIGITS_LEAST = 7
_PHONE_BEGINNING_LEAST = 3
_ID_LEAST = 15

SAME_ID = N_("same ID number or credit code")
SAME_PHONE = N_("same phone")
SAME_NAME = N_("same name, and the phone begins alike")
SAME_PLACE = N_("same place")
SEXES = {"female": N_("female"), "male": N_("male")}


@dataclass(frozen=True, slots=True)
class Known:
    """What of a case is compared with what is typed."""

    described: Described
    name: str
    phone: str
    identity: str
    is_appeal: bool


# As in `turn`: an entry counts only for the very record that it was made from, so hosts share it safely.
_known: dict[str, tuple[CaseRecord, Known]] = {}
forget_too(_known.clear)


def found(turn: Turn, form: Form, kind: str) -> dict[str, Any]:
    """Everything that the page shows beside a form as typed; `kind` is that of the chosen matter or "".

    Services are asked for in the same words by everybody, so only appeals are compared by their words.
    """
    whole_page = form.value("look") == "page"
    cases: list[tuple[OpenCase, Known]] = []
    complete = True
    if _says_enough(form, kind):
        cases, complete = _cases(turn, form.value("key"), _ALL if whole_page else READ_AT_ONCE)
    likes: list[Like] = []
    if kind != "service":
        text = "\n".join(filter(None, (form.value("title"), form.value("text"))))
        compared = (known.described for _, known in cases if known.is_appeal)
        likes = list(alike(text, form.value("place"), compared, _LIKE_FOR_UNITS))
    opened = {each.id: each for each, _ in cases}
    history = _history(form, cases)  # who has reported somebody is not in the case (`py_core.reporters`)
    ranked = sorted(history, key=lambda row: (case_view.is_finished(row[0]), -_registered(row[0])))
    return {
        "history": [_row(turn, each, [turn.say(reason)]) for each, reason in ranked[:HISTORY_MAX]],
        "history_count": len(ranked),
        "likes": [_row(turn, opened[like.case_id], _reasons(turn, like)) for like in likes[:LIKE_MAX]],
        "units": _units(turn, likes, opened),
        "identity": _identity_line(turn, form),
        "asked": whole_page,
        "complete": complete,
    }


def _identity_line(turn: Turn, form: Form) -> str:
    """What an ID number says of its bearer, to compare with who stands at the counter; or what is wrong with it."""
    typed, claimant = form.value("claimant_id"), form.value("claimant")
    if len(tidy(typed)) < _ID_LEAST or not claimant:
        return ""
    identity, fault = read_identity(typed, claimant)
    if fault:
        return turn.say(fault)
    bearer = birth_and_sex(identity) if claimant == "person" else None
    if bearer is None:
        return ""
    day, sex = bearer[0].isoformat(), turn.say(SEXES[bearer[1]])
    return turn.say(N_("The ID number belongs to somebody born on %(day)s, %(sex)s."), day=day, sex=sex)


def _says_enough(form: Form, kind: str) -> bool:
    names = ["claimant_name", "claimant_phone", "claimant_id"] + ([] if kind == "service" else ["title", "text"])
    return any(form.value(name) for name in names)


def _cases(turn: Turn, own: str, most: int) -> tuple[list[tuple[OpenCase, Known]], bool]:
    """The cases of this side with what is compared of them, and whether that is all; `own` is the form's own case.

    Reads at most so many that were not read before: nobody waits at a key for thousands of cases.
    """
    rows: list[tuple[OpenCase, Known]] = []
    unread = 0
    for opened in turn.open_all():
        if opened.id == own:
            continue
        kept = _known.get(opened.id)
        if kept is None or kept[0] is not opened.record:
            unread += 1
            if unread > most:
                continue
            kept = _known[opened.id] = (opened.record, _read(opened.record))
        rows.append((opened, kept[1]))
    return rows, unread <= most


def _read(record: CaseRecord) -> Known:
    # From the registration alone: folding every case would take seconds, and what is compared stands there.
    events = (event for recorded in record.acts for event in recorded.act.events)
    said = next((event for event in events if event.get("type") == "registered"), {})

    def text(name: str) -> str:
        return str(said.get(name) or "")

    words = "\n".join(filter(None, (text("title"), text("text"))))
    return Known(
        describe(record.id, words, text("place")),
        text("claimant_name"),
        _digits(text("claimant_phone")),
        text("claimant_id").upper(),
        text("pack") == APPEAL_PACK,
    )


def _history(form: Form, cases: list[tuple[OpenCase, Known]]) -> list[tuple[OpenCase, str]]:
    name, typed = form.value("claimant_name"), form.value("claimant_phone")
    phone = _digits(read_phone(typed)[0])
    identity = re.sub(r"\s", "", tidy(form.value("claimant_id"))).upper()
    rows = []
    for opened, known in cases:
        if len(identity) >= _ID_LEAST and identity == known.identity:
            rows.append((opened, SAME_ID))
        elif len(phone) >= _PHONE_DIGITS_LEAST and phone == known.phone:
            rows.append((opened, SAME_PHONE))
        elif name and name == known.name and len(phone) >= _PHONE_BEGINNING_LEAST and known.phone.startswith(phone):
            rows.append((opened, SAME_NAME))
    return rows


def _digits(phone: str) -> str:
    return re.sub(r"\D", "", phone)


def _registered(opened: OpenCase) -> float:
    registered = opened.case.registered
    return registered.at.timestamp() if registered else 0.0


def _reasons(turn: Turn, like: Like) -> list[str]:
    words = [turn.say(N_("“%(words)s”"), words=shared) for shared in like.shared]
    return ([turn.say(SAME_PLACE)] if like.same_place else []) + words


def _row(turn: Turn, opened: OpenCase, reasons: list[str]) -> dict[str, Any]:
    registered = opened.case.registered
    return {
        **case_view.brief(turn, opened),
        "finished": case_view.is_finished(opened),
        "when": language.day_text(turn.lang, registered.at.date()) if registered else "",
        "unit": case_view.unit_name(turn, case_view.unit_of(opened)),
        "reasons": reasons,
    }


def _units(turn: Turn, likes: list[Like], opened: dict[str, OpenCase]) -> list[dict[str, Any]]:
    """Where cases like this one ended up: the units with the most likeness, each with the words that say so."""
    weight: dict[str, int] = {}
    cases: dict[str, list[Like]] = {}
    for like in likes:
        unit = case_view.unit_of(opened[like.case_id])
        if unit in turn.directory.units:
            weight[unit] = weight.get(unit, 0) + like.score
            cases.setdefault(unit, []).append(like)
    best = sorted(weight, key=lambda unit: (-weight[unit], unit))[:UNITS_MAX]
    return [
        {
            "name": case_view.unit_name(turn, unit),
            "count": turn.count(N2_("%(n)d case like it", "%(n)d cases like it"), len(cases[unit])),
            "words": list(dict.fromkeys(word for like in cases[unit] for word in like.shared[:1]))[:2],
        }
        for unit in best
    ]
