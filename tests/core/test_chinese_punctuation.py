"""Chinese pages are punctuated in Chinese: what code joins around translated words stands in the catalogue too."""

from __future__ import annotations

import html
import re

import pytest
from day_office import Office, worked

from e2e.working_days import DAYS, LIN

# After or before a Chinese character: a comma, colon, semicolon or bracket of Latin writing, and a blank after a full stop.
LATIN = re.compile(r"[\u4e00-\u9fff] ?[,:;(]|\)[\u4e00-\u9fff]|[。：；，、（] [\u4e00-\u9fff]|[\u4e00-\u9fff] [（）]")
BLOCK = re.compile(
    r"</?(?:p|li|ul|ol|dt|dd|dl|div|h\d|tr|td|th|table|section|form|label|legend|option|summary|a|button|br)\b[^>]*>"
)


def words(page: str) -> list[str]:
    """The lines of a page's main part as a reader sees them."""
    main = page[page.index("<main") : page.index("</footer>")]
    lines = html.unescape(re.sub(r"<[^>]+>", "", BLOCK.sub("\n", main))).split("\n")
    return [re.sub(r"\s+", " ", line).strip() for line in lines if line.strip()]


def pages(office: Office) -> list[tuple[str, str]]:
    """What an officer and a leader see at the end of a day."""
    desk = office.desks[LIN]
    desk.now = office.now
    paths = ["/today", "/cases", "/sync", "/visits", "/slips", "/register", "/no-such-page"]
    paths += [f"/cases/{case}" for case in office.cases.values()]
    paths += [f"/visits/{visit}" for visit in office.visits.values()]
    paths += [f"/cases/{case}/do/approve_extension" for case in list(office.cases.values())[:1]]
    shown = [(path, desk.get(path).html) for path in paths]
    return [*shown, ("/today?scope=unit", desk.get("/today", scope="unit").html)]


@pytest.mark.parametrize("pack", DAYS)
def test_no_latin_punctuation_beside_chinese_words(pack: str) -> None:
    wrong = {(path, line) for path, page in pages(worked(pack)) for line in words(page) if LATIN.search(line)}
    assert wrong == set()


@pytest.mark.parametrize(
    "line", ["超期 (2)", "核对(1)", "受理, 今天", "（推荐)是", "移出。 本机", "依据： 本市", "260 天 （推定）"]
)
def test_latin_punctuation_would_be_found(line: str) -> None:
    assert LATIN.search(line)
