"""What the centre does with people and posts: a new version of the directory, an audit row, one transaction.

A term is never rewritten for days that are past: what somebody was stays what acts of those days are judged by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from py_core.errors import ShouwenError
from py_core.rights import rights
from py_core.values import local
from server import audit
from server.accounts import Accounts
from server.city import City
from server.database import Database
from server.outside import Clock, Entropy, to_ms
from server.passkeys import Passkeys
from server.second_factor import SecondFactors
from server.sessions import Sessions

NAME = re.compile(r"[a-z][a-z0-9]{1,31}")
_CODE_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32 signs that nobody confuses on paper
_CODE_LENGTH = 12

Row = Mapping[str, Any]


class PersonRefused(ShouwenError):
    """A change of people or posts cannot be made; `code` says why, `field` where."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field


class People:
    """Carries out what the pages of people, posts, sessions and lockouts decide."""

    def __init__(
        self, database: Database, clock: Clock, entropy: Entropy, city: City, accounts: Accounts, sessions: Sessions,
        second_factors: SecondFactors, passkeys: Passkeys,
    ) -> None:  # fmt: skip
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._city = city
        self._accounts = accounts
        self._sessions = sessions
        self._second_factors = second_factors
        self._passkeys = passkeys

    @property
    def today(self) -> date:
        return local(self._clock.now()).date()

    def enter(self, by: str, user: str, name: str, phone: str, term: Row) -> str:
        """A new person with a first term; gives the one-time code for the first sign-in, which nobody sees again."""
        if not NAME.fullmatch(user):
            raise PersonRefused("bad_name", "user")
        if user in self._city.current().directory.people:
            raise PersonRefused("name_taken", "user")
        row = {"id": user, "name": name, "phone": phone, "terms": [self._term(term)]}
        with self._database.writing():
            self._publish("people", lambda rows: [*rows, row])
            self._note(by, "person_entered", user, **_told(term))
            return self._give_code(by, user)

    def move(self, by: str, user: str, term: Row) -> None:
        """Another unit, title or other roles from a day on; the term before ends on the day before."""
        new = self._term(term)
        since = _day(new["since"])
        if since is None or since < self.today:
            raise PersonRefused("past_day", "since")
        with self._database.writing():
            self._publish(
                "people", lambda rows: [_moved(row, new, since) if row["id"] == user else row for row in rows]
            )
            self._note(by, "person_moved", user, **_told(term))
            self._end_sessions_if_nothing_is_held(user)

    def end(self, by: str, user: str, last_day: date, why: str) -> None:
        """Ends every term of a person after a day; from the day after, nothing is opened and nothing is taken."""
        if last_day < self.today - timedelta(days=1):
            raise PersonRefused("past_day", "until")
        if user == by:
            raise PersonRefused("yourself", "until")
        with self._database.writing() as connection:
            self._publish("people", lambda rows: [_ended(row, last_day) if row["id"] == user else row for row in rows])
            self._note(by, "person_ended", user, until=last_day.isoformat(), why=why)
            if last_day < self.today:
                self._accounts.close(connection, user)
            self._end_sessions_if_nothing_is_held(user)

    def give_code(self, by: str, user: str) -> str:
        """A fresh one-time code in place of the password; all sessions of the person end."""
        if user not in self._city.current().directory.people:
            raise PersonRefused("unknown")
        with self._database.writing():
            return self._give_code(by, user)

    def hold_post(self, by: str, post: Row, a: str, b: str, since: date) -> None:
        """Who has A and B of a post from a day on; `post` is its row without holders, new or known."""
        people = self._city.current().directory
        for field, user in (("a", a), ("b", b)):
            person = people.person_on(user, since)
            if person is None or person.unit != post["unit"]:
                raise PersonRefused("not_of_unit", field)
        if a == b:
            raise PersonRefused("same_person", "b")
        if since < self.today:
            raise PersonRefused("past_day", "since")
        holders = {"a": a, "b": b, "since": since.isoformat(), "until": None}
        with self._database.writing():
            self._publish("posts", lambda rows: _with_holders(rows, post, holders))
            self._note(by, "post_held", str(post["id"]), a=a, b=b, since=since.isoformat())

    def end_sessions(self, by: str, user: str, session: str | None = None) -> int:
        """Ends one or all sessions of somebody."""
        with self._database.writing() as connection:
            ended = self._sessions.revoke(connection, user, session)
            if ended:
                self._note(by, "sessions_ended", user, n=ended)
        return ended

    def lift(self, by: str, key: str) -> None:
        """Ends the waiting time of a name or address."""
        with self._database.writing() as connection:
            if self._accounts.lift(connection, key):  # else the key is anybody's text
                self._note(by, "lockout_lifted", key)

    def remove_factor(self, by: str, user: str) -> None:
        """Takes a lost second factor and all passkeys away; all sessions end, and a role that needs a second factor
        sets up a new one."""
        with self._database.writing() as connection:
            self._second_factors.remove(connection, user)
            self._passkeys.remove(connection, user)
            self._sessions.revoke(connection, user)
            self._note(by, "factor_removed", user)

    def _term(self, term: Row) -> dict[str, Any]:
        if term["unit"] not in self._city.current().directory.units:
            raise PersonRefused("unknown_unit", "unit")
        roles = list(term["roles"])
        if not roles or set(roles) - rights().roles.keys():
            raise PersonRefused("no_role", "roles")
        if rights().conflict(roles) is not None:
            raise PersonRefused("roles_apart", "roles")
        since, until = _day(term.get("since")), _day(term.get("until"))
        if until is not None and since is not None and until < since:
            raise PersonRefused("ends_before", "until")
        return {
            "unit": term["unit"],
            "title": term["title"],
            "roles": roles,
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
        }

    def _give_code(self, by: str, user: str) -> str:
        drawn = self._entropy.token(_CODE_LENGTH)
        signs = "".join(_CODE_SIGNS[byte % len(_CODE_SIGNS)] for byte in drawn)
        code = "-".join(signs[at : at + 4] for at in range(0, _CODE_LENGTH, 4))
        with self._database.writing() as connection:
            self._accounts.give_code(connection, user, code)
            self._sessions.revoke(connection, user)
            self._note(by, "code_given", user)
        return code

    def _end_sessions_if_nothing_is_held(self, user: str) -> None:
        with self._database.writing() as connection:
            if self._city.current_in(connection).directory.person_on(user, self.today) is None:
                self._sessions.revoke(connection, user)

    def _publish(self, part: str, change: Callable[[Sequence[Row]], list[Row]]) -> None:
        document = self._city.current().document
        self._city.publish({**document, part: change(document[part])})

    def _note(self, by: str, what: str, about: str, **detail: object) -> None:
        with self._database.writing() as connection:
            audit.note(connection, to_ms(self._clock.now()), by, what, about, **detail)


def _terms(row: Row) -> list[dict[str, Any]]:
    if "terms" in row:
        return [dict(each) for each in row["terms"]]
    return [{"unit": row["unit"], "title": row["title"], "roles": row["roles"], "since": None, "until": None}]


def _with_terms(row: Row, terms: list[dict[str, Any]]) -> Row:
    kept = {key: value for key, value in row.items() if key not in ("unit", "title", "roles", "terms")}
    return {**kept, "terms": terms}


def _moved(row: Row, new: dict[str, Any], since: date) -> Row:
    return _with_terms(row, [*_cut(_terms(row), since - timedelta(days=1)), new])


def _ended(row: Row, last_day: date) -> Row:
    terms = _cut(_terms(row), last_day)
    if not terms:  # nothing of it had begun: a term of one day in the past keeps the name known
        first = _terms(row)[0]
        terms = [{**first, "since": last_day.isoformat(), "until": last_day.isoformat()}]
    return _with_terms(row, terms)


def _cut(periods: list[dict[str, Any]], last_day: date) -> list[dict[str, Any]]:
    """The periods up to a day."""
    kept = []
    for each in periods:
        since, until = _day(each["since"]), _day(each["until"])
        if since is not None and since > last_day:
            continue
        kept.append({**each, "until": last_day.isoformat()} if until is None or until > last_day else each)
    return kept


def _with_holders(rows: Sequence[Row], post: Row, new: dict[str, Any]) -> list[Row]:
    before = next((row for row in rows if row["id"] == post["id"]), None)
    known: list[dict[str, Any]] = []
    if before is not None:
        always = [{"a": before.get("a"), "b": before.get("b"), "since": None, "until": None}]
        known = [dict(each) for each in before.get("holders", always)]
    last_day = date.fromisoformat(new["since"]) - timedelta(days=1)
    kept = {key: post[key] for key in ("id", "unit", "zh", "en")}
    row = {**kept, "holders": [*_cut(known, last_day), new]}
    return [row if each["id"] == post["id"] else each for each in rows] if before else [*rows, row]


def _told(term: Row) -> dict[str, Any]:
    return {key: term[key] for key in ("unit", "title", "roles", "since", "until") if term.get(key)}


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
