"""Calendar files: both formats say the same, and a fault is named with its line."""

from __future__ import annotations

import json
from datetime import date

import pytest

from py_core.city.files import FILE_BYTES_MAX, FileFault, as_toml, read_calendar_file

TOML = """layer = "national"
year = 2027
source = "No. 12"
workdays = [
  2027-01-09,
  2027-02-20,
]

[[rest]]
name_zh = "元旦"
name_en = "New Year's Day"
from = 2027-01-01
to = 2027-01-03

[[rest]]
name_zh = "春节"
name_en = "Spring Festival"
from = 2027-02-05
to = 2027-02-12
"""
JSON = json.dumps(
    {
        "year": 2027, "source": "No. 12", "workdays": ["2027-01-09", "2027-02-20"],
        "rest": [
            {"name_zh": "元旦", "name_en": "New Year's Day", "from": "2027-01-01", "to": "2027-01-03"},
            {"name_zh": "春节", "name_en": "Spring Festival", "from": "2027-02-05", "to": "2027-02-12"},
        ],
    },
    indent=1,
)  # fmt: skip


def test_both_formats_say_the_same() -> None:
    found = read_calendar_file(TOML)
    assert found == read_calendar_file(JSON) == read_calendar_file("\ufeff" + JSON)
    assert found.publication.place_in_law == ("national", "", 2027)
    assert found.publication.rest[1].first == date(2027, 2, 5)
    assert found.source == "No. 12"


def test_a_publication_written_as_a_file_is_read_as_the_same() -> None:
    found = read_calendar_file(TOML)
    odd = as_toml(found.publication, 'a "quoted" \\ source\nof two lines', "\u2028")
    again = read_calendar_file(odd)
    assert (again.publication, again.source) == (found.publication, 'a "quoted" \\ source\nof two lines')


@pytest.mark.parametrize(
    ("old", "new", "where", "line"),
    [
        ("to = 2027-02-12", "to = 2027-02-01", "rest 2", 15),
        ("year = 2027", 'year = "2027"', "year", 2),
        ("2027-02-20", "2027-02-22", "workdays 2", 6),
        ("source", "origin", "origin", 3),
        ('name_en = "Spring Festival"', 'name_fr = "Le printemps"', "rest 2", 15),
        ("year = 2027", "year = = 2027", "file", 2),
        ('name_zh = "元旦"', 'name_zh = ""', "rest 1", 9),
        ('layer = "national"', 'layer = "planet"', "layer", 1),
    ],
)
def test_a_fault_is_named_with_its_line(old: str, new: str, where: str, line: int) -> None:
    with pytest.raises(FileFault) as caught:
        read_calendar_file(TOML.replace(old, new))
    assert (caught.value.where, caught.value.line) == (where, line)


def test_a_fault_of_a_span_in_json_is_named_with_its_line() -> None:
    with pytest.raises(FileFault) as caught:
        read_calendar_file(JSON.replace("2027-02-12", "2027-02-01"))
    assert caught.value.where == "rest 2"
    assert '"from": "2027-02-05"' in JSON.split("\n")[(caught.value.line or 0) - 1]


@pytest.mark.parametrize(
    "text",
    [
        "", " \n", "x" * (FILE_BYTES_MAX + 1), "\ufffd", "year = 2027\x00", "[1]", "{", "{}", "[" * 5000, "{" * 5000,
        '{"a":' * 5000, "a." * 5000 + "b = 1", '{"year": 1e999}', '{"year": 2027, "rest": {"a": 1}}', "null",
        '{"year": 2027, "rest": [[]]}', '{"year": 2027, "rest": [{}], "workdays": [[]]}',
    ],
)  # fmt: skip
def test_whatever_a_file_holds_it_is_refused_as_a_file(text: str) -> None:
    with pytest.raises(FileFault):
        read_calendar_file(text)
