"""中心 → 带回文件: outbox files that were carried to the centre, what became of every act in them, the receipts.

The server takes the file and asks for these pages; the desk itself has no route for bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from py_core.cases.acts import Act
from py_core.desk import act_view
from py_core.desk.carry_words import carry_problem
from py_core.desk.centre import centre_menu
from py_core.desk.frame import page
from py_core.desk.ports import Response
from py_core.desk.turn import Turn
from py_core.views import language
from py_core.views.language import N2_, N_

_VERDICTS = {
    "accepted": N_("Taken into the record now."),
    "had": N_("The record had it already; nothing was done twice."),
}


@dataclass(frozen=True, slots=True)
class BroughtAct:
    """One act of a file: the gate's verdict, and the act where its bytes can be read."""

    hash: str
    verdict: str
    reason: str
    case_id: str
    act: Act | None
    by: str = ""  # who decided about it after it was held back
    why: str = ""


@dataclass(frozen=True, slots=True)
class BroughtFile:
    """One outbox file; `file` is its SHA-256, `stem` its name without the ending."""

    file: str
    stem: str
    user: str
    device_code: str
    brought_by: str
    first_at: datetime
    last_at: datetime
    times: int
    verdicts: Sequence[str]  # of its acts, in order
    undecided: int = 0  # of those that were held back
    withdrawn: bool = False  # the device has been


def show_carried(turn: Turn, files: Sequence[BroughtFile], problem: str = "") -> Response:
    """The page with the upload and the files brought before; `problem` is a code of `CarryRefused`."""
    return page(
        turn,
        "carried.html",
        turn.say(N_("Carried files")),
        "carried",
        {
            "problem": carry_problem(turn.lang, problem) if problem else "",
            "files": [_file(turn, each) for each in files],
            "subnavigation": centre_menu(turn, "carried"),
        },
        status=422 if problem else 200,
        where="centre",
    )


def show_carried_file(turn: Turn, file: BroughtFile, acts: Sequence[BroughtAct]) -> Response:
    """What became of one file, act by act, with the receipts to carry back."""
    return page(
        turn,
        "carried_file.html",
        turn.say(N_("Carried file")),
        "carried-file",
        {
            "file": _file(turn, file),
            "acts": [_act(turn, each) for each in acts],
            "subnavigation": centre_menu(turn, "carried"),
        },
        where="centre",
    )


def _file(turn: Turn, file: BroughtFile) -> dict[str, Any]:
    counted = Counter(file.verdicts)
    parts = [
        (N2_("%(n)s act taken now", "%(n)s acts taken now"), counted["accepted"]),
        (N2_("%(n)s was there already", "%(n)s were there already"), counted["had"]),
        (N2_("%(n)s held back", "%(n)s held back"), counted["quarantined"]),
    ]
    return {
        "file": file.file,
        "stem": file.stem,
        "who": _name(turn, file.user),
        "device": file.device_code,
        "brought_by": _name(turn, file.brought_by) if file.brought_by else turn.say(N_("by the command line")),
        "first": language.moment_text(turn.lang, file.first_at),
        "last": language.moment_text(turn.lang, file.last_at),
        "times": file.times,
        "held_back": counted["quarantined"],
        "undecided": file.undecided,
        "withdrawn": file.withdrawn,
        "may_decide": turn.may("read_whole_city"),
        "summary": " · ".join(turn.count(message, n) for message, n in parts if n) or turn.say(N_("no act was in it")),
    }


def _act(turn: Turn, brought: BroughtAct) -> dict[str, Any]:
    act = brought.act
    held_back = brought.verdict == "quarantined"
    left_out = held_back and bool(brought.by)
    if left_out:
        who = _name(turn, brought.by)
        told = turn.say(N_("Left out by %(who)s: %(why)s"), who=who, why=brought.why) if brought.why else ""
        words = told or turn.say(N_("Left out by %(who)s."), who=who)
    elif held_back:
        words = turn.say(N_("Held back: %(why)s."), why=act_view.quarantine_reason(turn, brought.reason))
    else:
        words = turn.say(_VERDICTS[brought.verdict])
    return {
        "hash": brought.hash[:12],
        "title": act_view.act_title(turn, act.events) if act else turn.say(N_("Act")),
        "claimed": language.moment_text(turn.lang, act.claimed_at, short=True) if act else "",
        "href": f"/cases/{brought.case_id}" if brought.case_id and not held_back else "",
        "held_back": held_back,
        "words": words,
    }


def _name(turn: Turn, user: str) -> str:
    person = turn.directory.people.get(user)
    return person.name if person else user
