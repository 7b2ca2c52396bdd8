"""Languages of the interface: message catalogues, dates and times in words.

Message ids are the English texts; Chinese comes from the packaged catalogue. Owns no text of law.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from py_core.values import local

ZH = "zh-CN"
EN = "en"
LANGUAGES = (ZH, EN)


def N_(message: str) -> str:
    """Marks a message id for extraction without translating it yet."""
    return message


def N2_(singular: str, plural: str) -> tuple[str, str]:
    """Marks a counted message id for extraction; both forms name the count as `%(n)d`."""
    return singular, plural


WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
MONTHS = (
    N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun"),
    N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec"),
)  # fmt: skip
DATE_FULL = N_("%(weekday)s %(day)d %(month_name)s %(year)d")
DATE_SHORT = N_("%(weekday)s %(day)d %(month_name)s")
DATE_TIME = N_("%(date)s, %(time)s")


def chosen(lang: str) -> str:
    """The language that the pages use for a requested one; Chinese for anything unknown."""
    return EN if lang == EN or lang.startswith("en-") else ZH


@cache
def catalogue(lang: str) -> gettext.NullTranslations:
    """The message catalogue of a language; raises `FileNotFoundError` when the build left it out."""
    if lang == EN:
        return gettext.NullTranslations()
    packaged = resources.files("py_core") / "locale" / "zh_CN" / "LC_MESSAGES" / "shouwen.mo"
    try:
        with packaged.open("rb") as file:
            return gettext.GNUTranslations(file)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            "The Chinese messages are not built; run `python tools/messages.py compile` (make build does it)."
        ) from error


def translate(lang: str, message: str, params: Mapping[str, Any] | None = None) -> str:
    """The text of a message id in a language, with its named `%(…)s` parameters filled in."""
    text = catalogue(lang).gettext(message) if message else ""
    return text % dict(params) if params else text


def translate_count(lang: str, singular: str, plural: str, count: int) -> str:
    """The text of a counted message id in a language."""
    return catalogue(lang).ngettext(singular, plural, count)


@lru_cache(maxsize=4_096)  # an explanation names the same few days again and again
def day_text(lang: str, day: date, *, short: bool = False) -> str:
    """A date in words.

    >>> day_text("en", date(2026, 1, 4))
    'Sun 4 Jan 2026'
    """
    return translate(
        lang,
        DATE_SHORT if short else DATE_FULL,
        {
            "weekday": translate(lang, WEEKDAYS[day.weekday()]),
            "day": day.day,
            "month": day.month,
            "month_name": translate(lang, MONTHS[day.month - 1]),
            "year": day.year,
        },
    )


def time_text(moment: datetime, *, seconds: bool = False) -> str:
    """The clock time in the city's zone, 24 hours."""
    return local(moment).strftime("%H:%M:%S" if seconds else "%H:%M")


def moment_text(lang: str, moment: datetime, *, short: bool = False, seconds: bool = False) -> str:
    """Date and time in words, in the city's zone."""
    at = local(moment)
    return translate(
        lang,
        DATE_TIME,
        {"date": day_text(lang, at.date(), short=short), "time": time_text(at, seconds=seconds)},
    )
