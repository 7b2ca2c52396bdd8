"""Pages for what cannot be done: what happened, why, what to do instead. Never a stack trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from py_core.desk.command_words import shown_params, with_article
from py_core.desk.frame import language_href, page, render
from py_core.desk.ports import Response
from py_core.desk.turn import Turn
from py_core.errors import Refused
from py_core.packs import Pack
from py_core.views import language
from py_core.views.language import N_


@dataclass(frozen=True, slots=True)
class Problem:
    """The texts (message ids) of one problem and where its button leads."""

    title: str
    why: str
    todo: str
    href: str = "/today"
    link: str = N_("Back to Today")
    also: tuple[str, str] = ("", "")  # another way on: address and what the link says


PROBLEMS: Mapping[str, Problem] = {
    "unknown_page": Problem(
        N_("There is no such page"),
        N_("The address is mistyped, or the page belonged to an older version."),
        N_("Begin again at Today, or look for the case in the list of cases."),
        also=("/cases", N_("To the cases")),
    ),
    "unknown_case": Problem(
        N_("This case is not here"),
        N_(
            "No case with this address is held here. It may belong to another unit, its content may have been erased after the period for which it was kept, or it has not reached this device yet."
        ),
        N_("Look at the sync page: after the next contact with the city record the case may be here."),
        "/sync",
        N_("To the sync page"),
        ("/cases", N_("To the cases")),
    ),
    "newer_app_needed": Problem(
        N_("This case needs a newer version of the app"),
        N_("Somebody worked on it by a version of the rules that this app does not know. Every act is kept."),
        N_("Connect to the network, let the app update itself and open the case again. What was typed is still there."),
        "/sync",
        N_("To the sync page"),
    ),
    "unknown_visit": Problem(
        N_("This visit is not here"),
        N_(
            "No visit with this address is held here. It may belong to another unit, or it has not reached this device yet."
        ),
        N_("Look at the sync page: after the next contact with the city record the visit may be here."),
        "/sync",
        N_("To the sync page"),
        ("/visits", N_("To the visits")),
    ),
    "visit_not_begun": Problem(
        N_("There is no record to print yet"),
        N_("The visit has not begun, so nothing was asked for and nothing was handed over."),
        N_("Start the visit first; its record and the receipt can then be printed at any time."),
        "/visits",
        N_("Back to the visit"),
    ),
    "unknown_enterprise": Problem(
        N_("This enterprise has no file here"),
        N_("No visit and no case that is held here names it."),
        N_("Plan a visit or register its request; its file is then made by itself."),
        "/visits",
        N_("To the visits"),
    ),
    "no_content": Problem(
        N_("This photograph or paper is not here"),
        N_("It has not reached the city record yet, or it belongs to a case that is not yours."),
        N_("Ask the colleague who took it to connect that device; then open the case again."),
        "/cases",
        N_("To the cases"),
    ),
    "unknown_late_work": Problem(
        N_("This is not among the late and refused work"),
        N_("The record has taken it in the meantime, or the address is mistyped."),
        N_("Go back to the list of late and refused work."),
        "/centre/quarantine",
        N_("To the list"),
    ),
    "unknown_device": Problem(
        N_("There is no such device"),
        N_("The address is mistyped."),
        N_("Go back to the list of devices."),
        "/centre/devices",
        N_("To the devices"),
    ),
    "not_allowed": Problem(
        N_("This page is not for your post"),
        N_("Your roles do not include this work."),
        N_("If your post has changed, ask the administrator of your unit to enter it."),
    ),
    "method": Problem(
        N_("This page does not take a form"),
        N_("The form was sent to an address that only shows something."),
        N_("Go back, reload the page and send the form again. What you typed is still in the form."),
    ),
    "bad_form": Problem(
        N_("The form is not complete"),
        N_("A part of the form that the page itself fills in is missing or damaged."),
        N_("Open the page again and fill in the form."),
    ),
    "bad_sign": Problem(
        N_("The text contains a character that cannot be stored"),
        N_(
            "What was sent contains an invisible character (U+0000), as it comes along with text that is pasted from files."
        ),
        N_("Go back: what you typed is still in the form. Type the pasted text by hand, and send the form again."),
    ),
    "signed_out": Problem(
        N_("You are signed out"),
        N_("The session has ended. Work that is safe on this device stays safe and is sent after you sign in."),
        N_("Sign in again. You return to where you were."),
        "/sign-in",
        N_("Sign in"),
    ),
    "lease_over": Problem(
        N_("This device must connect to the city record first"),
        N_(
            "It has had no contact for too long. A lost device must not go on working, so pages stay closed until then."
        ),
        N_(
            "Connect it to the network and sign in: it opens by itself. If there is none, carry the outbox by USB stick from the sync page."
        ),
        "/sync",
        N_("To the sync page"),
    ),
    "storage_full": Problem(
        N_("The storage of this device is full"),
        N_(
            "The act could not be kept safely, so it was not recorded at all. Nothing that was recorded before is lost."
        ),
        N_("Free space on the disk (downloads, recycle bin), then send the form again with the browser's back button."),
    ),
    "busy": Problem(
        N_("The city record is busy"),
        N_("Too much was asked of it at once, so this was not done. Nothing that was recorded before is lost."),
        N_("Wait a few seconds and send it again with the browser's back button: what you typed is still in the form."),
    ),
    "not_recorded": Problem(
        N_("The city record did not take this"),
        N_("The record's own check refused the act, so nothing was recorded."),
        N_(
            "Look at the case first: somebody may have worked on it in the meantime. If it happens again, tell the help desk the code below."
        ),
        "/cases",
        N_("To the cases"),
    ),
    "worker_restarted": Problem(
        N_("The offline part was restarted"),
        N_(
            "The part of the program that works without network did not answer and was started again. What shows one tick is safe."
        ),
        N_("Open the page again. If a form was just being sent, look in the list first whether the case is there."),
    ),
    "locked": Problem(
        N_("This device is locked"),
        N_("Everything on this device is encrypted and needs your passphrase."),
        N_("Unlock the device to go on."),
        "/",
        N_("Unlock"),
    ),
    "needs_network": Problem(
        N_("This needs the network"),
        N_("The page shows the whole city's record, which is not on this device."),
        N_("Your own work goes on offline. Open this page again when the light above says Online."),
    ),
    "too_often": Problem(
        N_("Too many tries in a short time"),
        N_("Too many requests came from this address within a minute."),
        N_("Wait a minute, then try again."),
        "/",
        N_("To the first page"),
    ),
    "too_large": Problem(
        N_("The form is too large"),
        N_("More text was sent than one act can hold."),
        N_("Shorten the text and keep long papers as attachments."),
    ),
    "server_error": Problem(
        N_("Something went wrong on our side"),
        N_("An unexpected error occurred. It was logged with its time."),
        N_("Try again. If it happens again, tell the help desk the code below."),
    ),
}


def problem_page(
    status: int,
    code: str,
    *,
    lang: str = language.ZH,
    where: str = "server",
    path: str = "/",
    query: Mapping[str, Sequence[str]] | None = None,
    csrf: str = "",
    app_version: str = "",
    reference: str = "",
    href: str = "",
) -> Response:
    """A problem that a host meets before or outside `respond`; an unknown code gets the general page.

    `reference` is shown as the code for the help desk; `href` replaces where the button leads.
    """
    chosen = language.chosen(lang)
    problem = PROBLEMS.get(code, PROBLEMS["server_error"])

    def say(text: str) -> str:
        return language.translate(chosen, text)

    frame: dict[str, Any] = {
        "title": say(problem.title),
        "key": f"problem-{code}",
        "where": where,
        "city": "",
        "unit": "",
        "person": "",
        "sync": None,
        "navigation": [],
        "notice": "",
        "flash": "",
        "other_language_href": language_href(path, query or {}, chosen),
        "app_version": app_version,
        "rules_version": "",
        "now": "",
    }
    return Response(
        status,
        render(
            "problem.html",
            {"lang": chosen, "csrf": csrf, "page": frame, "problem": _texts(problem, say, reference, href)},
        ),
    )


def problem(turn: Turn, status: int, code: str, *, href: str = "") -> Response:
    """The same problem inside the frame of a signed-in person; `href` replaces where the button leads."""
    entry = PROBLEMS[code]
    return page(
        turn,
        "problem.html",
        turn.say(entry.title),
        f"problem-{code}",
        {"problem": _texts(entry, turn.say, href=href)},
        status=status,
    )


_BACK = {"cases": N_("Back to the case"), "visits": N_("Back to the visit")}


def refusal(turn: Turn, refused: Refused, href: str, pack: Pack | None = None) -> Response:
    """What the law or the case's state does not allow: why, with the article, and what instead (409)."""
    params = shown_params(turn, pack or next(iter(turn.packs.values()), None), refused.params)
    title = turn.say(N_("This cannot be done now"))
    texts = {
        "title": title,
        "why": with_article(turn, language.translate(turn.lang, refused.message, params), refused.article),
        "todo": language.translate(turn.lang, refused.instead, params) if refused.instead else "",
        "href": href,
        "link": turn.say(_BACK.get(href.split("/")[1], N_("Back"))),
        "also": "",
        "code": "",
    }
    return page(turn, "problem.html", title, "refused", {"problem": texts}, status=409)


def _texts(entry: Problem, say: Callable[[str], str], reference: str = "", href: str = "") -> dict[str, str]:
    return {
        "title": say(entry.title),
        "why": say(entry.why),
        "todo": say(entry.todo),
        "href": href or entry.href,
        "link": say(entry.link),
        "also_href": entry.also[0],
        "also": say(entry.also[1]) if entry.also[1] else "",
        "code": reference,
    }
