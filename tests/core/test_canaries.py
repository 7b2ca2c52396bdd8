"""Every field of every form in which people write gets a canary in a real browser: by a working day, or beside it."""

from __future__ import annotations

from day_office import TABLE, in_front_of, worked
from html_forms import fields_of, words_of

from e2e.canaries import BESIDE
from e2e.further_steps import FURTHER
from e2e.working_days import DAYS
from py_core.cases.commands import COMMANDS
from py_core.desk.act_fields import is_fixed, typed_name
from py_core.visits import VISIT_COMMANDS

IN_WORDS = ("text", "long_text", "texts", "materials", "steps")


def forms() -> tuple[set[tuple[str, str]], set[tuple[str, str]], set[tuple[str, str]]]:
    """(form, field) of every page that the days and the further steps show: all, those in words, those with canaries."""
    offices = [worked(pack) for pack in DAYS]
    controls = set().union(*(office.controls for office in offices))
    words = set().union(*(office.words for office in offices))
    for (pack, command), step in FURTHER.items():
        desk, case = in_front_of(step, pack)
        html = desk.get(f"{case}/do/{command}").html
        controls |= {(command, name) for values in fields_of(html) for name in values}
        words |= {(command, name) for name, _, _ in words_of(html)}
    return controls, words, set().union(*(office.canaries for office in offices))


def test_every_form_of_the_registry_is_shown_with_every_field_of_its_command() -> None:
    """So that no form and no field escapes the next test."""
    controls, _, _ = forms()
    shown = {form for form, _ in controls}
    assert shown >= {command for _, command in TABLE} | {"register", "visit.plan"}
    assert shown >= {f"visit.{name}" for name in VISIT_COMMANDS} - {"visit.see_phone"}
    registry = {
        (command, typed_name(field.name))
        for command in {command for _, command in TABLE} - {"register"}
        for field in COMMANDS[command].fields
        if field.kind in IN_WORDS and not is_fixed(command, field.name)
    }
    assert registry - controls == set()


def test_every_field_for_words_gets_a_canary_in_the_browser() -> None:
    """A day types it (`e2e/test_working_day.py`), or `e2e/test_canary.py` does beside the days and says so itself."""
    _, words, canaries = forms()
    assert words - canaries == BESIDE - {("visit.see_phone", "words"), ("cases", "q")}
