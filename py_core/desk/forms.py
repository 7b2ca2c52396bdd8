"""A form as it was typed: values, faults, and nothing lost between sending and showing it again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from py_core.cases.attached import read_attachments
from py_core.cases.fields import YEAR_MIN
from py_core.cases.strokes import read_drawn
from py_core.desk.contact_checks import tidy
from py_core.desk.turn import Turn
from py_core.errors import Malformed
from py_core.values import LOCAL, local, nests_too_deep
from py_core.views import language
from py_core.views.language import N_

FORM_KEY = re.compile(r"[0-9a-f]{32}")
# Signs that nobody sees, as they come along with pasted text: a name of these alone is none.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_LATER_TOLERANCE_MINUTES = 2
_LONG_AGO = timedelta(days=31)  # what is written down later than this is asked about once more
_NOTED_MAX = 300_000  # signs of JSON that a page's script may put into one hidden field

TOO_LONG = N_("Shorten this to %(limit)d characters.")
NO_FILES = N_("Choose at least one photograph or file.")
LOST_FILES = N_("The list of files cannot be read. Choose the files again.")
LOST_SIGNATURE = N_("The drawn signature cannot be read. Let the person sign again.")
NEEDED = N_("Fill this in.")
CHOOSE = N_("Choose one.")
BAD_TIME = N_("Enter date and time, such as 2026-03-05 14:30.")
FUTURE_TIME = N_("This moment lies in the future. Enter when it really happened.")
BEFORE_BEGIN = N_("The case began on %(day)s. A step in it cannot have happened on an earlier day.")
LONG_AGO = N_("This lies %(n)d days back. If it is right, say so below; else correct it.")
OPENED_EARLIER = N_(
    "This form was opened on %(day)s. If it happened then, say so below; if it happens now, enter the present time."
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something typed that is possible but seldom meant, and whether the person said that it is right."""

    name: str
    token: str
    text: str
    sure: bool


class Form:
    """Typed values and the errors found in them. Values are trimmed and free of control characters."""

    def __init__(self, turn: Turn, typed: Mapping[str, Sequence[str]], defaults: Mapping[str, str] | None = None):
        self._turn = turn
        self._typed = typed
        self._defaults = dict(defaults or {})
        self.errors: dict[str, str] = {}
        self.doubts: list[Doubt] = []
        self.too_long: set[str] = set()  # fields whose fault does not say by itself which one it is
        self._anchors: dict[str, str] = {}

    def value(self, name: str) -> str:
        """What stands in the field; the default when the form was not sent yet."""
        texts = self._typed.get(name)
        if texts is None:
            return "" if self._typed else self._defaults.get(name, "")
        return _CONTROL.sub("", texts[-1].replace("\r\n", "\n")).strip() if texts else ""

    def values(self, name: str) -> list[str]:
        """All values of a field that can be given several times."""
        return [_CONTROL.sub("", text).strip() for text in self._typed.get(name, ())]

    def error(self, name: str) -> str:
        return self.errors.get(name, "")

    def anchor(self, name: str) -> str:
        """The element that the error summary leads to."""
        return self._anchors.get(name, name)

    def say(self, message: str) -> str:
        """A message id in the page's language."""
        return self._turn.say(message)

    def fault(self, name: str, message: str, **params: object) -> None:
        """Notes the first fault of a field (message id)."""
        self.errors.setdefault(name, self._turn.say(message, **params))

    def doubt(self, name: str, shown: str, message: str, **params: object) -> None:
        """Asks once more about what is typed; the answer counts for these very words, read out as `shown`."""
        token = f"{name}={self.value(name)}"
        sure = token in self.values("sure")
        self.doubts.append(Doubt(name, token, shown, sure))
        if not sure:
            self.fault(name, message, **params)

    def in_order(self, names: Sequence[str]) -> None:
        """Puts the faults in the order of the page; a field without a place of its own stands with the first one."""
        place = {name: index for index, name in enumerate(names)}
        self.errors = dict(sorted(self.errors.items(), key=lambda fault: place.get(fault[0], 0)))

    def text(self, name: str, limit: int, *, needed: str = "") -> str:
        """A text of at most `limit` characters; `needed` is the message id when it may not be empty."""
        text = self.value(name)
        if needed and not text:
            self.fault(name, needed)
        if len(text) > limit:
            self.too_long.add(name)
            self.fault(name, TOO_LONG, limit=limit)
        return text

    def attachments(self, name: str, *, needed: str = "") -> list[dict[str, Any]]:
        """The files that the page's script noted in the field, as an act carries them; `needed` as in `text`."""
        try:
            noted = self._noted(name)
            files = read_attachments([] if noted is None else noted, name)
        except Malformed:
            self.fault(name, LOST_FILES)
            return []
        if needed and not files:
            self.fault(name, needed)
        return [file.as_json() for file in files]

    def strokes(self, name: str) -> dict[str, Any] | None:
        """The signature that was drawn into the field, small enough for an act; None when nothing is drawn."""
        try:
            drawn = self._noted(name)
            return None if drawn is None else read_drawn(drawn, name).as_json()
        except Malformed:
            self.fault(name, LOST_SIGNATURE)
            return None

    def _noted(self, name: str) -> Any:
        text = self.value(name)
        if len(text) > _NOTED_MAX or nests_too_deep(text):
            raise Malformed(name, "is too long")
        try:
            return json.loads(text) if text else None
        except (ValueError, RecursionError) as error:
            raise Malformed(name, "is no JSON") from error

    def choice(self, name: str, allowed: Sequence[str], message: str = CHOOSE) -> str:
        """One of the allowed values, else a fault and ""."""
        value = self.value(name)
        if value in allowed:
            return value
        self.fault(name, message)
        return ""

    def count(self, name: str) -> int:
        """A number of copies from 1 to 999; 1 when nothing is typed."""
        text = tidy(self.value(name)) or "1"
        if text.isascii() and text.isdigit() and 1 <= int(text) <= 999:
            return int(text)
        self.fault(name, N_("Enter a number of copies from 1 to 999."))
        return 1

    def moment(self, name: str, since: date | None = None) -> datetime:
        """When it happened: not in the future, not on a day before `since`, and nothing improbable without a question.

        The turn's own moment when nothing is typed or nothing was changed, but not that of a form which was opened on
        another day: a draft of yesterday tells of yesterday.
        """
        now = self._turn.surroundings.now
        typed = self.value(name)
        if not typed:
            return now
        try:
            moment = datetime.fromisoformat(tidy(typed).replace(" ", "T"))
        except ValueError:
            self.fault(name, BAD_TIME)
            return now
        if moment.year < YEAR_MIN:
            self.fault(name, BAD_TIME)
            return now
        moment = moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)
        day, today = local(moment).date(), local(now).date()
        unchanged = typed == self.value(f"{name}_shown")
        if unchanged and day >= today:
            return now
        if (moment - now).total_seconds() > _LATER_TOLERANCE_MINUTES * 60:
            self.fault(name, FUTURE_TIME)
        lang = self._turn.lang
        shown = language.moment_text(lang, moment)
        if since is not None and day < since:
            self.fault(name, BEFORE_BEGIN, day=language.day_text(lang, since))
        elif unchanged:
            self.doubt(name, shown, OPENED_EARLIER, day=language.day_text(lang, day))
        elif now - moment > _LONG_AGO:
            self.doubt(name, shown, LONG_AGO, n=(today - day).days)
        return min(moment, now)


def shown_moment(now: datetime) -> str:
    """A moment as a `datetime-local` field shows it."""
    return now.astimezone(LOCAL).strftime("%Y-%m-%dT%H:%M")
