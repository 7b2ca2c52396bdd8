"""The frame around every page: who is here, where one can go, the sync light, the answer itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from typing import Any
from urllib.parse import urlencode

from py_core.desk.marks import in_words
from py_core.desk.ports import Response, SyncStatus
from py_core.desk.turn import Turn
from py_core.views import language
from py_core.views.environment import make_environment
from py_core.views.language import N_

# What was just done, shown once on the page that a form leads to (`?done=…`); unknown codes show nothing.
DONE = {
    "register": N_("Registered."),
    "accept": N_("Registered and accepted."),
    "receipt": N_("Accepted. The receipt is ready: print it or show its code."),
    "complete": N_("Registered and done on the spot."),
    "notice": N_("Registered. The one-time notice is ready to print."),
    "guide": N_("Registered. The slip that guides the person is ready to print."),
    "act": N_("Recorded."),
    "decision": N_("Recorded."),
    "absence": N_("Recorded in every case that was chosen. Whoever stands in has them on Today from the first day."),
    "absence_again": N_("This was recorded already. Nothing was recorded twice."),
    "absence_ended": N_("The return is recorded in all these cases."),
    "late_taken": N_("The late work is in the record now. Its author hears of it at the next contact."),
    "left_out": N_(
        "The work is left out and kept here until its period is over. Its author hears of it at the next contact."
    ),
    "late_again": N_("Somebody has decided about this work already."),
    "withdrawn": N_("The device is withdrawn. What it sends from now on waits here for a decision."),
    "person_moved": N_("The change is recorded. It counts from its first day."),
    "person_ended": N_("The account ends. What the person did keeps its name."),
    "post_held": N_("The change is recorded. It counts from its first day."),
    "lockout_lifted": N_("The next try is looked at at once."),
    "password_set": N_("The password is changed. Your other sessions have ended."),
    "factor_removed": N_("The second step is removed."),
    "passkey_added": N_("The passkey is added. From now on it signs you in without password and code."),
    "passkey_removed": N_("The passkey is removed. It opens nothing here any more."),
    "sessions_ended": N_("Ended. Whoever used that session has to sign in again."),
    "corrected": N_("Corrected. What was taken down before stays in the record."),
    "device_renamed": N_("The device has its new name."),
    "missing_looked": N_("Recorded. These numbers no longer appear in the notice; they stay with the device."),
    "withdrawn_before": N_("The device was withdrawn before."),
    "decided": N_("The decision is recorded. Every device shows it after its next contact."),
    "hold_placed": N_("The content is on hold: it is not erased before that day."),
    "hold_lifted": N_("The hold is lifted. The content is erased once its period is over."),
    "city": N_("Recorded. Every device works by it after its next contact; open cases are being recounted now."),
    "city_again": N_("This form was already sent. Nothing was recorded twice."),
    "visit_planned": N_("The visit is planned."),
    "visit_act": N_("Recorded in the visit."),
    "visit_request": N_("The request is registered and is in the visit."),
    "visit_again": N_("This form was already sent. Nothing was recorded twice."),
    "print": N_("The printing is recorded in the case. Numbers stand in full on this sheet for ten minutes."),
    "again": N_("This form was already sent. Nothing was recorded twice; this is the case it made."),
}

# Alt and the letter, on every page; none that Chromium itself takes (D, E, F) and none that a page has of its own.
ACCESS_KEYS = {
    "today": "j", "register": "r", "cases": "b", "visits": "v", "approvals": "a", "slips": "g", "sync": "y", "centre": "z",
}  # fmt: skip

# Lists whose links to cases and steps say where somebody came from.
_LEADS_ON = frozenset({"approvals"})

_environment = None


def render(template: str, values: Mapping[str, Any]) -> str:
    """The HTML text of a template; the environment is made once per process."""
    global _environment
    if _environment is None:
        _environment = make_environment()
    return _environment.get_template(template).render(values)


def use_environment(environment: Any) -> None:
    """Lets a host render from its precompiled templates (`make_environment(ModuleLoader(…))`)."""
    global _environment
    _environment = environment


def page(
    turn: Turn,
    template: str,
    title: str,
    key: str,
    values: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    where: str = "",
) -> Response:
    """A full page of the desk. `key` is the page's id, so that morphing never mixes two pages' forms."""
    context = {
        "lang": turn.lang,
        "csrf": turn.request.csrf,
        "page": _page(turn, title, key, came_from(turn) or where),
        "came": f"?from={came_from(turn)}" if came_from(turn) else "",
        "cited": cache(partial(in_words, turn)),
        "day": lambda day, short=False: language.day_text(turn.lang, day, short=short),
        "moment": lambda at, short=False, seconds=False: language.moment_text(
            turn.lang, at, short=short, seconds=seconds
        ),
        **(values or {}),
    }
    return Response(status, render(template, context))


def redirect(location: str) -> Response:
    """See other: what a form leads to after it was taken."""
    return Response(303, location=location)


def came_from(turn: Turn) -> str:
    """The list from which somebody went to a case to decide on it (`?from=`): it stays the current one in the menu."""
    named = (turn.request.query.get("from") or [""])[-1]
    return named if named in _LEADS_ON else ""


def first_page(turn: Turn) -> str:
    """Where a person begins: at the day's duties, or at the centre for whoever has nothing to do with cases."""
    return "/today" if turn.may("read_cases") else "/centre"


def language_href(path: str, query: Mapping[str, Any], lang: str) -> str:
    """The same page in the other language."""
    pairs = [(name, text) for name, texts in query.items() if name not in ("lang", "done") for text in texts]
    return f"{path}?{urlencode([*pairs, ('lang', language.ZH if lang == language.EN else language.EN)])}"


def sync_view(turn: Turn) -> dict[str, Any]:
    """What the sync light says: never more than what has a receipt."""
    status = turn.sync_status
    return {
        "state": _sync_state(status),
        "word": turn.say(_sync_word(status)),
        "waiting": status.waiting,
        "uploading": uploading_text(turn),
        "contact": language.moment_text(turn.lang, status.last_contact_at, short=True)
        if status.last_contact_at and turn.surroundings.where == "device"
        else "",
    }


def _sync_state(status: SyncStatus) -> str:
    if status.problem or status.held_back:
        return "problem"
    if not status.online:
        return "offline"
    return "waiting" if status.waiting or status.uploading else "online"


def _sync_word(status: SyncStatus) -> str:
    if status.problem in ("signed_out", "sign_in_again"):
        return N_("Sign in to send")
    if status.problem == "other_person":
        return N_("Somebody else is signed in")
    if status.problem == "device_revoked":
        return N_("This device was withdrawn")
    if status.problem == "device_frozen":
        return N_("This device must be enrolled anew")
    if status.problem == "storage_full":
        return N_("Storage is full")
    if status.problem == "busy":
        return N_("The record is busy")
    if status.problem:
        return N_("Sending does not work")
    if status.held_back:
        return N_("An act was held back")
    if not status.online:
        return N_("Offline")
    return N_("Online, sending") if status.waiting or status.uploading else N_("Online")


def uploading_text(turn: Turn) -> str:
    """How far photographs and papers are on their way; empty when none is."""
    found = turn.sync_status.uploading
    if found is None or not found.files:
        return ""
    return turn.say(
        N_("photographs: %(done)d of %(files)d, %(sent)s of %(all)s MB"),
        done=found.files_done,
        files=found.files,
        sent=f"{found.bytes_done / 1e6:.1f}",
        all=f"{found.bytes / 1e6:.1f}",
    )


def _page(turn: Turn, title: str, key: str, where: str) -> dict[str, Any]:
    request, lang = turn.request, turn.lang
    done = (request.query.get("done") or [""])[0]
    return {
        "title": title,
        "key": key,
        "where": turn.surroundings.where,
        "city": turn.directory.city_en if lang == language.EN else turn.directory.city_zh,
        "unit": (turn.unit.en if lang == language.EN else turn.unit.zh) if turn.unit else "",
        "person": turn.person.name if turn.person else "",
        "sync": sync_view(turn),
        "navigation": _navigation(turn, where) if turn.person else [],
        "notice": _lease_notice(turn),
        "flash": turn.say(DONE[done]) if done in DONE else "",
        "other_language_href": language_href(request.path, request.query, lang),
        "app_version": turn.surroundings.app_version,
        "rules_version": turn.say(N_(", ")).join(turn.packs[name].version for name in sorted(turn.packs)),
        "now": language.moment_text(lang, turn.surroundings.now, short=True),
    }


def _lease_notice(turn: Turn) -> str:
    """Said on every page of a device that must meet the record soon."""
    if turn.lease is None or not turn.lease.is_ending:
        return ""
    day = language.day_text(turn.lang, turn.lease.until.date())
    return turn.say(
        N_("This device must connect to the city record by %(day)s at the latest: connect it to the network once."),
        day=day,
    )


def _navigation(turn: Turn, where: str) -> list[dict[str, Any]]:
    waiting = turn.sync_status.waiting + turn.sync_status.held_back
    items = (
        ("today", "/today", N_("Today"), 0, "read_cases"),
        ("register", "/register", N_("Register"), 0, "work_on_cases"),
        ("cases", "/cases", N_("Cases"), 0, "read_cases"),
        ("visits", "/visits", N_("Visits"), 0, "read_cases"),
        ("approvals", "/approvals", N_("Approvals"), 0, "see_approvals"),
        ("slips", "/slips", N_("Forms"), 0, "read_cases"),
        ("sync", "/sync", N_("Sync"), waiting, "read_cases"),
        ("centre", "/centre", N_("Centre"), 0, "see_centre"),
    )
    return [
        {
            "href": href,
            "label": turn.say(label),
            "count": count,
            "current": name == where,
            "key": ACCESS_KEYS.get(name, ""),
        }
        for name, href, label, count, right in items
        if turn.may(right)
    ]
