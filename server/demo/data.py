"""Reads the demo city's data files. They are content, written to be read and changed; nothing is decided here."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from stdnum.cn import uscc


@dataclass(frozen=True, slots=True)
class Topic:
    """One matter that people call the hotline about, in several tellings. `to` is "town" or a unit."""

    id: str
    to: str
    kind: str
    place: str
    title: str
    texts: tuple[str, ...]
    reply: str
    matter: str = "citizen"
    months: tuple[int, ...] = ()
    apart: bool = False  # the tellings are different matters of one sort
    firms: tuple[str, ...] = ()  # which sorts of enterprises ask for it


@dataclass(frozen=True, slots=True)
class Service:
    """One promised matter as people ask for it at a counter."""

    offer: str
    claimant: str
    place: str
    title: str
    texts: tuple[str, ...]
    result: str
    missing: tuple[str, ...] = ()
    procedure: str = ""
    age: str = ""  # whose names fit: elder, middle, young
    body: str = ""  # what kind of organisation asks, where neither a person nor an enterprise does
    firms: tuple[str, ...] = ()  # which sorts of enterprises ask for it


@dataclass(frozen=True, slots=True)
class Enterprise:
    """A made-up enterprise with a code whose check character is right."""

    id: str
    sort: str  # factory, trade, transport, office, farm
    name: str
    unit: str
    place: str
    contact: str
    code: str


def directory_document() -> dict[str, Any]:
    """The configuration document of the city, as `py_core.directory.read_directory` reads it."""
    return {**_read("city"), "offers": [_jsonable(offer) for offer in _read("offers")["offers"]]}


@cache
def topics() -> tuple[Topic, ...]:
    """All matters of the hotline."""
    return tuple(Topic(**_tuples(row)) for row in _read("hotline")["topics"])


@cache
def services() -> tuple[Service, ...]:
    """All promised matters."""
    return tuple(Service(**_tuples(row)) for row in _read("services")["services"])


@cache
def enterprises() -> tuple[Enterprise, ...]:
    """All enterprises; codes are computed, their organisation numbers are of a kind that is not given out."""
    rows = _read("enterprises")["enterprises"]
    return tuple(Enterprise(**row, code=_code(f"91320281MA0000{i:03d}")) for i, row in enumerate(rows, 1))


@cache
def visits() -> tuple[dict[str, Any], ...]:
    """Visits to enterprises, as `visit_script.VisitStory` takes them."""
    return tuple(_tuples(row) for row in _read("visits")["visits"])


@cache
def places() -> dict[str, dict[str, Any]]:
    """Places by unit and kind; under "town" the town's name."""
    return _read("places")


@cache
def names() -> dict[str, list[str]]:
    """Parts of citizens' names."""
    return _read("people_names")


def demo_secret() -> str:
    """The second factor of everybody in the demonstration whose role needs one, base32; public on purpose."""
    return str(_read("accounts")["secret"])


def account_rows() -> tuple[str, list[dict[str, str]]]:
    """The one password of the demonstration and the people who can sign in with it."""
    read = _read("accounts")
    return str(read["password"]), list(read["accounts"])


@cache
def phrases() -> dict[str, Any]:
    """Wordings of acts that are not tied to one matter: reasons, instructions, remarks."""
    return _read("phrases")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def _jsonable(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in row.items()}


def _code(stem: str) -> str:
    return stem + str(uscc.calc_check_digit(stem))
