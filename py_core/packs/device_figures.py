"""What a city may set about its devices: lease, keeping of finished cases, number, space; defaults and limits.

Owns the figures and their reading. Must not know the clock, cases or storage.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from py_core.errors import Malformed


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a setting with the limits inside which a city may set it, both included."""

    name: str
    default: int
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class DeviceSetting:
    """Figures that are set together; none may be larger than the one before it."""

    id: str
    zh: str
    en: str
    figures: tuple[Figure, ...]

    @property
    def defaults(self) -> dict[str, int]:
        return {figure.name: figure.default for figure in self.figures}

    def fits(self, value: Mapping[str, int]) -> bool:
        """Whether every figure is inside its limits and none larger than the one before it."""
        return all(figure.least <= value[figure.name] <= figure.most for figure in self.figures) and not self.rising(
            value
        )

    def rising(self, value: Mapping[str, int]) -> str:
        """The name of the first figure that is larger than the one before it; empty when there is none."""
        for before, after in pairwise(self.figures):
            if value[after.name] > value[before.name]:
                return after.name
        return ""


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """Every setting, and on what the figures rest."""

    settings: tuple[DeviceSetting, ...]
    ground_zh: str
    ground_en: str


@dataclass(frozen=True, slots=True)
class DeviceFigures:
    """The figures that a device follows."""

    lease: timedelta
    lease_warning: timedelta
    keep_own: timedelta  # finished cases of the person's unit, from the newest act's arrival
    keep_foreign: timedelta  # finished cases that are with another unit by now
    keep_least: timedelta  # not even a full device parts with what was finished since
    cases_most: int
    cases_warning: int
    space_percent: int  # of the storage that the browser grants


@cache
def load_device_settings() -> DeviceSettings:
    """The packaged settings."""
    text = files("py_core.packs").joinpath("device_figures.toml").read_text(encoding="utf-8")
    return read_device_settings(tomllib.loads(text))


def read_device_settings(data: Mapping[str, Any]) -> DeviceSettings:
    """Reads the table; raises `Malformed` when an entry is missing or a default breaks its own limits."""
    try:
        settings = tuple(
            DeviceSetting(
                row["id"], row["zh"], row["en"], tuple(Figure(name, **part) for name, part in row["parts"].items())
            )
            for row in data["setting"]
        )
        found = DeviceSettings(settings, data["ground"]["zh"], data["ground"]["en"])
    except (KeyError, TypeError) as error:
        raise Malformed("device_figures", f"has a wrong or missing entry: {error}") from error
    for setting in settings:
        if not setting.fits(setting.defaults):
            raise Malformed("device_figures", f"has defaults of {setting.id} outside their limits")
    return found


def device_figures(filled: Mapping[str, Any]) -> DeviceFigures:
    """The figures in force: what the city filled in by setting (read strictly before), else the packaged ones."""
    number: dict[str, int] = {}
    for setting in load_device_settings().settings:
        number.update(filled.get(setting.id) or setting.defaults)
    return DeviceFigures(
        lease=timedelta(days=number["lease_days"]),
        lease_warning=timedelta(days=number["lease_warning_days"]),
        keep_own=timedelta(days=number["keep_own_days"]),
        keep_foreign=timedelta(days=number["keep_foreign_days"]),
        keep_least=timedelta(days=number["keep_least_days"]),
        cases_most=number["cases_most"],
        cases_warning=number["cases_warning"],
        space_percent=number["space_percent"],
    )
