"""Nothing is half translated: every message id has its Chinese, every text in a template is a message id."""

import re
import sys
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path

import pytest

from py_core.cases.commands import COMMANDS
from py_core.views import language
from py_core.views.environment import make_environment

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import messages  # noqa: E402

TEMPLATES = sorted((ROOT / "py_core" / "views" / "templates").rglob("*.html"))
# What may stand in a template without translation: names of products, languages and keys, and signs.
ALLOWED = {"中文", "English", "Shouwen", "Alt", "Enter"}


def test_every_message_id_has_its_chinese() -> None:
    assert messages.missing(messages.read_catalogue()) == []


def test_the_catalogue_keeps_nothing_that_no_page_says() -> None:
    used = {item if isinstance(item, str) else item[0] for item in messages.found_ids()}
    kept = {item.id if isinstance(item.id, str) else item.id[0] for item in messages.read_catalogue() if item.id}
    assert kept - used == set()


def test_chinese_texts_keep_the_parameters_of_their_ids() -> None:
    wrong = []
    for entry in messages.read_catalogue():
        if not entry.id:
            continue
        ids = entry.id if isinstance(entry.id, (tuple, list)) else (entry.id,)
        texts = entry.string if isinstance(entry.string, (tuple, list)) else (entry.string,)
        known = {name for text in ids for name in re.findall(r"%\((\w+)\)", text)}
        used = {name for text in texts for name in re.findall(r"%\((\w+)\)", text)}
        dates = {"month"} if known >= {"day", "month_name"} else set()
        if used - known - dates:
            wrong.append(ids[0])
    assert wrong == []


def test_a_step_that_changes_something_leads_with_the_verb_in_chinese_too() -> None:
    titles = {spec.title for spec in COMMANDS.values() if spec.title.startswith("Change ")}
    chinese = [str(entry.string) for entry in messages.read_catalogue() if entry.id in titles]
    assert len(chinese) == len(titles) > 1
    assert [text for text in chinese if not text.startswith(("调整", "变更", "更改"))] == []


def test_what_is_chosen_first_begins_with_a_capital() -> None:
    first = re.compile(r'(?:blank=|<option value="">\{\{ )_\("([^"]+)"\)')
    said = {text for path in TEMPLATES for text in first.findall(path.read_text(encoding="utf-8"))}
    assert len(said) > 4
    assert {text for text in said if not text[0].isupper()} == set()


def test_the_way_back_stands_above_the_title_as_the_name_of_the_page() -> None:
    """“‹ Devices” on every page; that a form says how to leave it without an act is something else."""
    below = {path.name for path in TEMPLATES if re.search(r'_\("Back to ', path.read_text(encoding="utf-8"))}
    assert below == {"visit_do.html"}  # beside nothing that could be added


# A number and its measure, as every page sets them: 30 天, 共 3 件; the third working day is 第3个, a date 2026年, copies on paper 2份.
CLOSED_UP = re.compile(r"(?<!第)(?:%\(\w+\)[sd]|(?<![A-Za-z0-9.-])\d+)(?:个|件|天|张|次|台|字符|分钟|小时)")


def test_a_number_stands_off_from_its_measure() -> None:
    texts = [
        entry.string if isinstance(entry.string, tuple) else (entry.string,) for entry in messages.read_catalogue()
    ]
    assert [text for each in texts for text in each if text and CLOSED_UP.search(text)] == []


@pytest.mark.parametrize("text", ["最多%(count)s张照片", "30天内到期", "至少12个字符"])
def test_a_number_that_touches_its_measure_would_be_found(text: str) -> None:
    assert CLOSED_UP.search(text)


def untranslated(source: str) -> list[str]:
    """Texts and spoken attributes of a template that stand outside `_()` and `{% trans %}`."""
    shown, in_trans, names = [], False, []
    for _, kind, value in make_environment().lex(source):
        if kind == "block_begin":
            names = []
        elif kind == "name":
            names.append(value)
        elif kind == "block_end" and names:
            in_trans = names[0] == "trans" or (in_trans and names[0] != "endtrans")
        elif kind == "data" and not in_trans:
            shown.append(value)
        if kind in ("variable_end", "block_end"):
            shown.append("\x00")
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", unescape("".join(shown)), flags=re.S)
    spoken = re.findall(r'\b(?:aria-label|alt|title|placeholder)="([^"\x00]+)"', text)
    texts = re.sub(r"<[^>]*>", "\n", text).replace("\x00", "\n").split("\n")
    return [item.strip() for item in (*texts, *spoken) if re.search(r"[^\W\d_]", item) and item.strip() not in ALLOWED]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_nothing_that_is_not_translated(template: Path) -> None:
    assert untranslated(template.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("<p>Not wrapped</p>", ["Not wrapped"]),
        ('<p aria-label="Spoken">{{ _("Fine") }}</p>', ["Spoken"]),
        ("<p>{% trans n=1 %}Wrapped {{ n }}{% endtrans %} 12&nbsp;· –</p>", []),
    ],
)
def test_an_untranslated_text_would_be_found(source: str, left: list[str]) -> None:
    assert untranslated(source) == left


def test_dates_follow_the_language() -> None:
    day = date(2026, 1, 4)
    assert language.day_text("en", day) == "Sun 4 Jan 2026"
    assert language.day_text("zh-CN", day) == "2026年1月4日 周日"
    assert language.day_text("zh-CN", day, short=True) == "1月4日 周日"


def test_times_are_shown_in_the_city_s_zone() -> None:
    moment = datetime(2025, 12, 31, 16, 30, tzinfo=UTC)
    assert language.moment_text("zh-CN", moment) == "2026年1月1日 周四 00:30"


@pytest.mark.parametrize(("asked", "given"), [("en", "en"), ("en-GB", "en"), ("zh", "zh-CN"), ("xx", "zh-CN")])
def test_an_unknown_language_is_answered_in_chinese(asked: str, given: str) -> None:
    assert language.chosen(asked) == given
