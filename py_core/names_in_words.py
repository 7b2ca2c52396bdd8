"""Whether words that everybody in a case reads say who is kept apart from it, by name or by a number. Pure.

No program knows every way to say who somebody is: this catches what slips in, as a form is sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import Enum
from typing import Any

# What stands in the field of the name where nobody is named; such words stand in honest reports, too.
NO_NAMES = frozenset({
    "群众", "某群众", "匿名群众", "热心群众", "市民", "某市民", "热心市民", "居民", "某居民", "村民", "某村民", "网民", "网友", "业主", "家长",
    "住户", "商户", "员工", "职工", "学生", "家属", "匿名", "匿名者", "匿名人", "匿名举报", "匿名举报人", "佚名", "无名", "无名氏", "不详", "未知",
    "未留", "未留名", "不愿透露", "不愿透露姓名", "不便透露", "保密", "某某", "某人", "举报人", "投诉人", "反映人", "来信人", "来访人", "来电人",
    "信访人", "当事人", "知情人", "知情人士", "知情群众", "先生", "女士", "anonymous", "unknown", "none", "nobody", "citizen",
    "resident", "villager",
})  # fmt: skip
_NUMBERS = ("claimant_phone", "claimant_id", "complainer_phone")
_NAME_MIN, _SURE_NAME_MIN, _NUMBER_MIN = 2, 3, 7  # characters; a shorter name or number may be part of any other word
_BETWEEN = re.compile(r"[\s\-·•.]+")
_LATIN = re.compile(r"[a-z\u00df-\u024f]+")
_COUNTRY = re.compile(r"86(?=1\d{10}$)")


class Told(Enum):
    """Whether the words say it; perhaps, where a name of two characters may be part of another word."""

    NOT = "not"
    PERHAPS = "perhaps"
    SURELY = "surely"


def tells_who(words: str, told: Mapping[str, Any]) -> Told:
    """Whether these words have the name or a number of `told`: what a form says of who reports or complains."""
    plain = _plain(words)
    digits = re.sub(r"\D", "", plain)
    numbers = (_COUNTRY.sub("", re.sub(r"\D", "", _plain(str(told.get(field) or "")))) for field in _NUMBERS)
    if any(len(number) >= _NUMBER_MIN and number in digits for number in numbers):
        return Told.SURELY
    name = _BETWEEN.sub("", _plain(str(told.get("claimant_name") or told.get("complainer_name") or "")))
    if len(name) < _NAME_MIN or name in NO_NAMES or not _has(plain, name):
        return Told.NOT
    return Told.SURELY if len(name) >= _SURE_NAME_MIN else Told.PERHAPS


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _has(plain: str, name: str) -> bool:
    """A name of Latin letters is looked for as words of their own: Li is not in Limit."""
    if _LATIN.fullmatch(name) is None:
        return name in _BETWEEN.sub("", plain)
    letters = _BETWEEN.pattern.replace("+", "*").join(name)
    return re.search(rf"(?<![a-z\u00df-\u024f]){letters}(?![a-z\u00df-\u024f])", plain) is not None
