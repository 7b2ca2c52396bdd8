"""`/centre/people` and `/centre/posts`: accounts created and ended, terms, one-time codes, A and B with their dates."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from py_core.desk import ports
from py_core.desk.account_words import (
    BAD_DAY,
    CHOOSE_ONE,
    CODE_TITLE,
    FILL_IN,
    NEW_PERSON,
    NEW_POST,
    PEOPLE_TITLE,
    PERSON_FAULTS,
    SIGN_IN_STATES,
    WHY_ENDED,
)
from py_core.desk.centre import centre_menu
from py_core.desk.forms import Form
from py_core.desk.frame import page
from py_core.desk.problems import problem
from py_core.desk.turn import Turn
from py_core.directory import Holders, Person, Post, Term
from py_core.rights import rights
from py_core.views import language
from server.account_routes import devices_of_person
from server.accounts import ONE_TIME_DAYS
from server.centre_pages import for_right
from server.forms import Form as Sent
from server.forms import first
from server.parts import Parts
from server.people import PersonRefused

PEOPLE, POSTS = "/centre/people", "/centre/posts"
_CHANGING = frozenset(
    {"POST"}
)  # accounts, roles and posts outlast a stolen session; a long form asks before it is typed
_NAME_MAX, _TITLE_MAX, _PHONE_MAX, _REASON_MAX = 40, 60, 20, 300


async def show_people(request: Request) -> Response:
    """Everybody by unit, and the posts."""
    return await for_right(request, "manage_people", lambda parts, turn, form: _list(parts, turn))


async def new_person(request: Request) -> Response:
    """The form for a new person; once sent, the one-time code."""

    def make(parts: Parts, turn: Turn, sent: Sent) -> ports.Response | Response:
        form = Form(turn, sent, {"since": parts.people.today.isoformat()})
        if not sent:
            return _person_page(parts, turn, None, form)
        name = form.text("name", _NAME_MAX, needed=FILL_IN)
        phone = form.text("phone", _PHONE_MAX)
        term = _term(form, sent)
        user = form.text("user", 32, needed=FILL_IN)
        if form.errors:
            return _person_page(parts, turn, None, form, status=422)
        try:
            code = parts.people.enter(turn.identity.user, user, name, phone, term)
        except PersonRefused as refused:
            form.fault(refused.field, PERSON_FAULTS[refused.code])
            return _person_page(parts, turn, None, form, status=422)
        return _code_page(parts, turn, user, name, code)

    return await for_right(request, "manage_people", make, fresh=_CHANGING | {"GET"})


async def one_person(request: Request) -> Response:
    """What somebody is, was and will be; a move, an end, a one-time code."""
    user = request.path_params["user"]

    def make(parts: Parts, turn: Turn, sent: Sent) -> ports.Response | Response:
        person = turn.directory.people.get(user)
        if person is None:
            return problem(turn, 404, "unknown_page")
        newest = person.all_terms[-1]
        defaults = {"unit": newest.unit, "title": newest.title, "since": parts.people.today.isoformat()}
        form = Form(turn, sent, {**defaults, "until": ""})
        if not sent:
            return _person_page(parts, turn, person, form)
        do, by = first(sent, "do"), turn.identity.user
        try:
            if do == "code":
                return _code_page(parts, turn, user, person.name, parts.people.give_code(by, user))
            if do == "end":
                last = _date(form, "last_day")
                why = form.text("why", _REASON_MAX, needed=WHY_ENDED)
                if not form.errors and last is not None:
                    parts.people.end(by, user, last, why)
                    return RedirectResponse(f"{PEOPLE}/{user}?done=person_ended", 303)
            else:
                term = _term(form, sent)
                if not form.errors:
                    parts.people.move(by, user, term)
                    return RedirectResponse(f"{PEOPLE}/{user}?done=person_moved", 303)
        except PersonRefused as refused:
            form.fault(
                "last_day" if refused.field == "until" and do == "end" else refused.field, PERSON_FAULTS[refused.code]
            )
        return _person_page(parts, turn, person, form, status=422, do=do)

    return await for_right(request, "manage_people", make, fresh=_CHANGING)


async def one_post(request: Request) -> Response:
    """A post with its holders, past and to come, and the form for the next ones; `new` makes a post."""
    key = request.path_params["post"]

    def make(parts: Parts, turn: Turn, sent: Sent) -> ports.Response | Response:
        post = turn.directory.posts.get(key)
        if post is None and key != "new":
            return problem(turn, 404, "unknown_page")
        form = Form(turn, sent, {"since": parts.people.today.isoformat(), "unit": post.unit if post else ""})
        if not sent:
            return _post_page(turn, post, form)
        since = _date(form, "since")
        row = _post_row(turn, form, post)
        a, b = (form.text(name, 64, needed=CHOOSE_ONE) for name in ("a", "b"))
        if form.errors or since is None:
            return _post_page(turn, post, form, status=422)
        try:
            parts.people.hold_post(turn.identity.user, row, a, b, since)
        except PersonRefused as refused:
            form.fault(refused.field, PERSON_FAULTS[refused.code])
            return _post_page(turn, post, form, status=422)
        return RedirectResponse(f"{POSTS}/{row['id']}?done=post_held", 303)

    return await for_right(request, "manage_people", make, fresh=_CHANGING)


def _post_row(turn: Turn, form: Form, post: Post | None) -> dict[str, str]:
    if post is not None:
        return {"id": post.id, "unit": post.unit, "zh": post.zh, "en": post.en}
    unit = form.choice("unit", tuple(turn.directory.units))
    zh = form.text("zh", _TITLE_MAX, needed=FILL_IN)
    count = sum(each.unit == unit for each in turn.directory.posts.values()) + 1
    key = next(name for n in range(count, count + 999) if (name := f"{unit}-{n}") not in turn.directory.posts)
    return {"id": key, "unit": unit, "zh": zh, "en": form.text("en", _TITLE_MAX) or zh}


def _term(form: Form, sent: Sent) -> dict[str, Any]:
    since = _date(form, "since")
    until = _date(form, "until", needed=False)
    return {
        "unit": form.value("unit"),
        "title": form.text("title", _TITLE_MAX, needed=FILL_IN),
        "roles": list(sent.get("role", ())),
        "since": since.isoformat() if since else None,
        "until": until.isoformat() if until else None,
    }


def _date(form: Form, name: str, *, needed: bool = True) -> date | None:
    typed = form.value(name)
    if not typed and not needed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        form.fault(name, BAD_DAY)
        return None


def _list(parts: Parts, turn: Turn) -> ports.Response:
    states, factors = parts.accounts.states(), parts.second_factors.all()
    today = parts.people.today
    rows = [_row(turn, person, today, states, factors) for person in turn.directory.people.values()]
    groups = [
        {"name": _unit(turn, unit), "rows": [row for row in rows if row["unit_id"] == unit]}
        for unit in turn.directory.units
    ]
    posts = [
        {
            "id": post.id,
            "name": post.en if turn.lang == language.EN else post.zh,
            "unit": _unit(turn, post.unit),
            "a": _name(turn, held.a) if (held := post.on(today)) else "",
            "b": _name(turn, held.b) if held else "",
        }
        for post in turn.directory.posts.values()
    ]
    values = {
        "groups": [group for group in groups if group["rows"]],
        "posts": posts,
        "subnavigation": centre_menu(turn, "people"),
    }
    return page(turn, "people.html", turn.say(PEOPLE_TITLE), "people", values, where="centre")


def _row(turn: Turn, person: Person, today: date, states: dict[str, str], factors: frozenset[str]) -> dict[str, Any]:
    now = person.on(today)
    return {
        "id": person.id,
        "name": person.name,
        "unit_id": person.unit,
        "title": (now or person).title,
        "roles": [_role(turn, role) for role in (now or person).roles],
        "holds": now is not None,
        "until": _day(turn, next((t.until for t in person.all_terms if t.holds_on(today)), None)),
        "state": turn.say(SIGN_IN_STATES[states.get(person.id, "")]),
        "can_sign_in": person.id in states,
        "factor": person.id in factors,
    }


def _person_page(
    parts: Parts, turn: Turn, person: Person | None, form: Form, *, status: int = 200, do: str = ""
) -> ports.Response:
    newest = person.all_terms[-1] if person else None
    chosen = form.values("role") or (list(newest.roles) if newest and not form.values("title") else [])
    values = {
        "form": form,
        "do": do,
        "row": _row(turn, person, parts.people.today, parts.accounts.states(), parts.second_factors.all())
        if person
        else None,
        "terms": [_term_view(turn, each) for each in reversed(person.all_terms)] if person else [],
        "units": [{"value": unit, "text": _unit(turn, unit)} for unit in turn.directory.units],
        "roles": [{"value": role, "text": _role(turn, role), "checked": role in chosen} for role in rights().roles],
        "subnavigation": centre_menu(turn, "people"),
    }
    title = person.name if person else turn.say(NEW_PERSON)
    key = f"person-{person.id}" if person else "person-new"
    return page(turn, "person.html", title, key, values, status=status, where="centre")


def _code_page(parts: Parts, turn: Turn, user: str, name: str, code: str) -> ports.Response:
    values = {
        "user": user,
        "name": name,
        "code": code,
        "days": ONE_TIME_DAYS,
        **devices_of_person(turn, parts, user, name),
        "subnavigation": centre_menu(turn, "people"),
    }
    return page(turn, "person_code.html", turn.say(CODE_TITLE), f"code-{user}", values, where="centre")


def _post_page(turn: Turn, post: Post | None, form: Form, status: int = 200) -> ports.Response:
    unit = post.unit if post else form.value("unit")
    english = turn.lang == language.EN
    people = [
        {"value": each.id, "text": f"{each.name} · {_unit(turn, each.unit)}" if not unit else each.name}
        for each in turn.directory.people.values()
        if not unit or unit in {term.unit for term in each.all_terms}
    ]
    values = {
        "form": form,
        "post": {"id": post.id, "unit": _unit(turn, post.unit)} if post else None,
        "holders": [_holders_view(turn, each) for each in reversed(post.all_holders)] if post else [],
        "people": people,
        "units": [{"value": each, "text": _unit(turn, each)} for each in turn.directory.units],
        "subnavigation": centre_menu(turn, "people"),
    }
    title = (post.en if english else post.zh) if post else turn.say(NEW_POST)
    key = f"post-{post.id}" if post else "post-new"
    return page(turn, "post.html", title, key, values, status=status, where="centre")


def _term_view(turn: Turn, term: Term) -> dict[str, Any]:
    return {
        "unit": _unit(turn, term.unit),
        "title": term.title,
        "roles": [_role(turn, role) for role in term.roles],
        "since": _day(turn, term.since),
        "until": _day(turn, term.until),
    }


def _holders_view(turn: Turn, held: Holders) -> dict[str, str]:
    return {
        "a": _name(turn, held.a),
        "b": _name(turn, held.b),
        "since": _day(turn, held.since),
        "until": _day(turn, held.until),
    }


def _day(turn: Turn, day: date | None) -> str:
    return language.day_text(turn.lang, day) if day else ""


def _unit(turn: Turn, unit: str) -> str:
    found = turn.directory.units.get(unit)
    return unit if found is None else found.en if turn.lang == language.EN else found.zh


def _name(turn: Turn, user: str) -> str:
    person = turn.directory.people.get(user)
    return person.name if person else user


def _role(turn: Turn, role: str) -> str:
    found = rights().roles.get(role)
    return role if found is None else found.en if turn.lang == language.EN else found.zh
