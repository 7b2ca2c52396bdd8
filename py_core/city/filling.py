"""Settings that the sources leave empty (regulations §9.3): which there are, and what may be filled in.

Must not know who fills them in, nor what the engine does with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from py_core.cases.fields import TEXT_MAX, UNITS_MAX
from py_core.errors import Malformed
from py_core.packs import Packs
from py_core.packs.device_figures import DeviceSetting, load_device_settings
from py_core.packs.retention import UNDECIDED, YEARS_MAX, load_retention
from py_core.periods import read_period
from py_core.values import N_

COMMON = "common"  # stands for "every regulation" where the words without a number are set
KEEPING = "keeping"  # stands for the city's own policy where the years of keeping contents are set
DEVICES = "devices"  # stands for the city's own policy where the figures of its devices are set
_COUNT_MAX = 100_000


@dataclass(frozen=True, slots=True)
class OpenSetting:
    """One value that a city may fill in. `parts` are the numbers that make it up, for `kind` numbers and figures."""

    pack: str
    id: str
    zh: str
    en: str
    article: str
    kind: str  # text | period | minutes | numbers | days | years | figures
    required: bool
    suggested: Any = None
    parts: tuple[str, ...] = ()


def settings_of(packs: Packs) -> Iterator[OpenSetting]:
    """Every setting of every regulation, then the words without a number (P-19), how long contents are kept, the devices' figures."""
    for pack in packs.values():
        versions = packs.versions(pack.id)  # a case of an older version still asks for what that one leaves empty
        for setting in {key: value for version in versions for key, value in version.settings.items()}.values():
            yield OpenSetting(
                pack.id,
                setting.id,
                setting.zh,
                setting.en,
                setting.article,
                setting.kind,
                setting.required,
                setting.value,
                setting.parts,
            )
    for duty in packs.common.unnumbered:
        yield OpenSetting(COMMON, duty.id, duty.zh, duty.en, ", ".join(duty.articles), "minutes", False)
    keeping = load_retention()
    for rule in keeping.rules:
        yield OpenSetting(KEEPING, rule.id, rule.zh, rule.en, "", "years", False, rule.years)
    yield OpenSetting(KEEPING, UNDECIDED, keeping.remind_zh, keeping.remind_en, "", "days", False, keeping.remind_days)
    for each in load_device_settings().settings:
        parts = tuple(figure.name for figure in each.figures)
        yield OpenSetting(DEVICES, each.id, each.zh, each.en, "", "figures", False, each.defaults, parts)


def setting_of(packs: Packs, pack: str, name: str) -> OpenSetting:
    """One of `settings_of`; raises `Malformed` when there is none of that name."""
    for setting in settings_of(packs):
        if (setting.pack, setting.id) == (pack, name):
            return setting
    raise Malformed("setting", N_("is unknown"))


def value_of(setting: OpenSetting, value: Any) -> Any:
    """The value as it is kept; raises `Malformed` when it does not fit the setting's kind."""
    if setting.kind == "text":
        if not isinstance(value, str) or not value.strip() or len(value) > TEXT_MAX:
            raise Malformed("value", N_("must be a text, not too long"))
        return value
    if setting.kind == "minutes":
        return _count(value)
    if setting.kind in ("years", "days"):
        if _count(value) > (YEARS_MAX if setting.kind == "years" else load_retention().remind_days_max):
            raise Malformed("value", N_("is too long"))
        return value
    if setting.kind == "period":
        period = read_period(value, "value")
        if period.n > UNITS_MAX:
            raise Malformed("value", N_("is too long"))
        return {"n": period.n, "unit": period.unit}
    if not isinstance(value, dict) or set(value) != set(setting.parts):
        raise Malformed("value", N_("must have every number of this setting"))
    numbers = {name: _count(value[name]) for name in setting.parts}
    if setting.kind == "figures" and not device_setting(setting.id).fits(numbers):
        raise Malformed("value", N_("is outside what can be set"))
    return numbers


def device_setting(name: str) -> DeviceSetting:
    """The limits of one setting of devices that is known to exist."""
    return next(each for each in load_device_settings().settings if each.id == name)


def _count(value: Any) -> int:
    if type(value) is not int or not 0 < value <= _COUNT_MAX:
        raise Malformed("value", N_("must be a whole number above 0"))
    return value
