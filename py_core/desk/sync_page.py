"""同步: what waits on this device, what the record has, what it held back and why, in plain words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from py_core.cases.acts import RecordedAct
from py_core.desk import act_view, case_view
from py_core.desk.frame import page, uploading_text
from py_core.desk.ports import Quarantined, Response
from py_core.desk.turn import OpenCase, Turn
from py_core.desk.visit_held import OpenVisit, open_visit, open_visits
from py_core.documents import is_case_id
from py_core.lineage import TOLD
from py_core.views import language
from py_core.views.language import N2_, N_
from py_core.visits import is_visit_id

Opened = OpenCase | OpenVisit
RECEIVED_SHOWN = 20
WAITING_SHOWN = 200

# Codes of `py_core.sync.SyncClient.problem`: what is wrong, and where a link can help.
PROBLEMS = {
    "signed_out": (N_("You are signed out, so nothing is sent."), "/sign-in", N_("Sign in")),
    "storage_full": (N_("The storage of this device is full: free space before you go on working."), "", ""),
    "other_person": (
        N_("Somebody else is signed in on this browser, so your acts wait: they must not go under another name. Sign in yourself."),
        "/sign-in?other=1",
        N_("Sign in"),
    ),
    "sign_in_again": (
        N_("The city record came back from a backup and takes this device in again, once you have signed in anew. Everything done here is kept."),
        "/sign-in?again=1&next=/sync",
        N_("Sign in again"),
    ),
    "unknown_device": (
        N_("The city record does not know this device, and does not take it in again by its enrolment record. Everything done here is kept; save the outbox as a file for the centre and ask the security officer."),
        "",
        "",
    ),
    "device_revoked": (
        N_("The centre has withdrawn this device. Cases of which nothing waits have left it. What waits stays here; sent, or handed in as a file by USB stick, it waits at the centre for a decision. Ask the administrator."),
        "",
        "",
    ),
    "device_frozen": (
        N_("Two acts bear the same number of this device: its profile was copied, or came back from an older copy. Nothing more is taken from it, everything is kept; what was sent since waits at the centre for a decision. Enrol the device anew here, with network and your passphrase."),
        "",
        "",
    ),
    "update_needed": (N_("This device runs an old version. Reload the page to get the new one; nothing is lost."), "", ""),
    "busy": (N_("The city record is busy. Sending is tried again by itself in a short while."), "", ""),
    "bad_answer": (
        N_("The record's answer could not be read; perhaps a network sign-in page stands between. Sending is tried again by itself."),
        "",
        "",
    ),
    "record_forked": (
        N_("The city record shows another history than this device has seen, or has lost acts without saying so. Nothing of it is taken for received any more; everything done here is kept. Tell the centre and whoever supervises it, and do not clear this device: what it has seen is evidence."),
        "",
        "",
    ),
    "other_record": (
        N_("The record signs with a key that this device does not know, and no chain of signed changes leads to it from the key that it knows: it is another record than the one this device belongs to, or somebody stands in between. Nothing of its answers is believed; everything done here is kept. Tell the centre."),
        "",
        "",
    ),
    "record_fault": (N_("The city record has a fault at the moment. Sending is tried again by itself."), "", ""),
}  # fmt: skip


# What such a device sends lies at the centre: nobody is to be invited to work on there.
_STOPPED = frozenset({"device_revoked", "device_frozen"})

# A receipts file by USB stick is not encrypted, so it says that an act was left out and not why.
REASON_TO_COME = N_("The centre has the reason: ask there, or it comes with the next contact by network.")

REASON_GONE = N_("The reason left this device with the content that it is about.")

# Problems of `py_core.uploads.UploadClient`.
UPLOAD_PROBLEMS = {
    "quota": N_("The city record takes no more photographs from you today; it is tried again by itself."),
    "sparing": N_("The browser is set to save data, so photographs and papers wait. Acts are sent all the same. “Make contact now” sends them too."),
    "refused": N_("The city record did not take a photograph or paper: its content is not what the act says. It stays on this device."),
}  # fmt: skip


def show_sync(turn: Turn) -> Response:
    """The page behind the sync light."""
    status = turn.sync_status
    by_hash: dict[str, tuple[Opened, RecordedAct]] = {}
    waiting: list[tuple[Opened, RecordedAct]] = []
    refused = {item.hash for item in status.refused}
    held_back = {item.case_id for item in status.refused}
    cases = list(turn.open_all())
    visits = list(open_visits(turn))
    # Most documents are wholly in the city record.
    looked_at: list[Opened] = [each for each in cases if each.glance.only_here or each.id in held_back]
    looked_at += [each for each in visits if each.only_here or each.id in held_back]
    for opened in looked_at:
        for recorded in opened.acts:
            if recorded.hash in refused:
                by_hash[recorded.hash] = (opened, recorded)
            elif recorded.received_at is None:
                waiting.append((opened, recorded))
    mine = _newest_received(turn, cases, visits)
    waiting.sort(key=lambda pair: pair[1].act.claimed_at)
    return page(
        turn,
        "sync.html",
        turn.say(N_("Sync")),
        "sync",
        {
            "summary": _summary(turn),
            "uploading": uploading_text(turn),
            "upload_problem": turn.say(UPLOAD_PROBLEMS[status.uploading.problem])
            if status.uploading and status.uploading.problem in UPLOAD_PROBLEMS
            else "",
            "refused": [_refused(turn, item, by_hash) for item in status.refused if not item.is_decided],
            "left_out": [_refused(turn, item, by_hash) for item in status.refused if item.is_decided],
            "waiting": [_line(turn, *pair) for pair in waiting[:WAITING_SHOWN]],
            "waiting_count": status.waiting,
            "carried": _carried(turn),
            "offered_again": _offered_again(turn),
            "held": _held(turn, len(cases)),
            "received": [_line(turn, *pair) for pair in mine],
        },
        where="sync",
    )


def _held(turn: Turn, count: int) -> dict[str, Any]:
    """How many cases are on this device, and whether they become too many for it; by the city's figures."""
    figures = turn.device_figures
    return {
        "cases": count,
        "left": len(turn.store.left()),
        "most": figures.cases_most,
        "days": figures.keep_own.days,
        "foreign_days": figures.keep_foreign.days,
        "least_days": figures.keep_least.days,
        "percent": figures.space_percent,
        "lease_days": figures.lease.days,
        "until": language.day_text(turn.lang, turn.lease.until.date()) if turn.lease else "",
        "warn": count >= figures.cases_warning,
    }


def _carried(turn: Turn) -> dict[str, str]:
    """The outbox file saved last, as long as something of it may still be on its way."""
    carried = turn.sync_status.carried
    if carried is None or not turn.sync_status.waiting:
        return {}
    when = language.moment_text(turn.lang, carried.at, short=True)
    return {"name": carried.name, "when": when, "acts": turn.count(N2_("%(n)s act", "%(n)s acts"), carried.count)}


def _offered_again(turn: Turn) -> str:
    """For two weeks after the record came back from a backup: what this device has done about it."""
    told = turn.sync_status.offered_again
    if told is None or turn.surroundings.now - told.at > TOLD:
        return ""
    when = language.moment_text(turn.lang, told.at, short=True)
    if not told.acts:
        return turn.say(
            N_("The city record came back from a backup (%(when)s). Everything that had two ticks here is in it."),
            when=when,
        )
    acts = turn.count(N2_("%(n)s act", "%(n)s acts"), told.acts)
    return turn.say(
        N_(
            "The city record came back from a backup (%(when)s) and had lost what was newer. %(acts)s that had two ticks here are sent again by themselves; you need do nothing."
        ),
        when=when,
        acts=acts,
    )


def _newest_received(turn: Turn, cases: list[OpenCase], visits: list[OpenVisit]) -> list[tuple[Opened, RecordedAct]]:
    """This person's acts that the record took last, newest first; opens no more cases than it needs."""
    user = turn.identity.user
    arrivals: list[tuple[datetime, Opened]] = [
        (arrived, opened)
        for opened in cases
        if user in opened.glance.people and (arrived := opened.glance.arrived_at) is not None
    ]
    arrivals += [
        (max(times), opened)
        for opened in visits
        if (times := [each.received_at for each in opened.acts if each.received_at and each.act.user == user])
    ]
    arrivals.sort(key=lambda pair: pair[0], reverse=True)
    found: list[tuple[datetime, Opened, RecordedAct]] = []
    for arrived, opened in arrivals:
        if len(found) == RECEIVED_SHOWN and arrived < found[-1][0]:
            break  # everything in the cases from here on arrived earlier
        found += [
            (recorded.received_at, opened, recorded)
            for recorded in opened.acts
            if recorded.received_at is not None and recorded.act.user == user
        ]
        found.sort(key=lambda item: (item[0], item[2].act.claimed_at), reverse=True)
        del found[RECEIVED_SHOWN:]
    return [(opened, recorded) for _, opened, recorded in found]


def _summary(turn: Turn) -> dict[str, Any]:
    status = turn.sync_status
    if turn.surroundings.where == "server":
        state = N_("You work directly in the city record.")
        explained = N_("What you record on this page is in the city record at once (two ticks).")
    elif status.waiting and status.problem:
        state = N_("Nothing is sent at the moment. Your work is safe on this device.")
        explained = N_("Acts with one tick wait here; they are sent by themselves as soon as the reason below is gone.")
    elif status.problem:
        state = N_("There is no exchange with the city record at the moment. Nothing waits.")
        explained = N_("You can go on working. New acts stay on this device until the reason below is gone.")
    elif status.waiting and status.online:
        state = N_("Online. Sending what waits.")
        explained = N_(
            "Acts with one tick are safe on this device; they get two ticks when the city record has signed for them."
        )
    elif status.waiting:
        state = N_("Offline. Your work is safe on this device.")
        explained = N_(
            "It is sent by itself as soon as the network is back. You need not press anything and may close the browser."
        )
    elif status.online:
        state = N_("Online. Nothing waits.")
        explained = N_("Everything that was recorded here has the city record's signed receipt.")
        if status.held_back:
            explained = N_("Everything but what is held back below has the city record's signed receipt.")
    else:
        state = N_("Offline. Nothing waits.")
        explained = N_("You can go on working. New acts stay on this device until the network is back.")
    if status.problem in _STOPPED and turn.surroundings.where != "server":
        explained = N_(
            "Do not go on working here: what is recorded on this device now comes into the city record only if the centre decides so."
        )
    problem, href, link = PROBLEMS.get(status.problem, (N_("Sending does not work at the moment."), "", ""))
    return {
        "state": turn.say(state),
        "explained": turn.say(explained),
        "problem": turn.say(problem) if status.problem else "",
        "reenrol": status.problem == "device_frozen" and turn.surroundings.where == "device",
        "href": href,
        "link": turn.say(link) if link else "",
        "contact": language.moment_text(turn.lang, status.last_contact_at) if status.last_contact_at else "",
    }


def _named(turn: Turn, opened: Opened) -> dict[str, str]:
    if isinstance(opened, OpenVisit):
        title = turn.say(N_("Visit to %(enterprise)s"), enterprise=opened.visit.value("enterprise"))
        return {"href": f"/visits/{opened.id}", "case_title": title}
    return {"href": f"/cases/{opened.id}", "case_title": case_view.title_of(turn, opened)}


def _named_by_id(turn: Turn, document_id: str) -> dict[str, str]:
    """The same for an act that this device does not have: of a case that is here, has left, or was never here."""
    if is_visit_id(document_id):
        visit = open_visit(turn, document_id)
        return _named(turn, visit) if visit else {"href": "", "case_title": case_view.unknown_title(turn, document_id)}
    case = turn.open(document_id) if is_case_id(document_id) else None
    if case is not None:
        return _named(turn, case)
    left = turn.store.left().get(document_id)
    if left is not None:
        return {"href": f"/cases/{document_id}", "case_title": left.title or left.number}
    return {"href": "", "case_title": case_view.unknown_title(turn, document_id)}


def _line(turn: Turn, opened: Opened, recorded: RecordedAct) -> dict[str, str]:
    return {
        "title": act_view.act_title(turn, recorded.act.events),
        **_named(turn, opened),
        "claimed": language.moment_text(turn.lang, recorded.act.claimed_at, short=True),
        "received": language.moment_text(turn.lang, recorded.received_at, short=True) if recorded.received_at else "",
    }


def _refused(turn: Turn, item: Quarantined, found: dict[str, tuple[Opened, RecordedAct]]) -> dict[str, Any]:
    pair = found.get(item.hash)
    return {
        "hash": item.hash[:12],
        "title": act_view.act_title(turn, pair[1].act.events) if pair else turn.say(N_("Act")),
        **(_named(turn, pair[0]) if pair else _named_by_id(turn, item.case_id)),
        "reason": act_view.quarantine_reason(turn, item.reason),
        "now_with": turn.say(N_(", ")).join(case_view.unit_name(turn, unit) for unit in item.now_with),
        "by": case_view.person_name(turn, item.by) if item.by else "",
        "why": item.why or (turn.say(REASON_GONE if item.by else REASON_TO_COME) if item.is_decided else ""),
        "at": language.moment_text(turn.lang, item.at) if item.at else "",
    }
