"""The search for cases like the one that is being typed goes on by itself until every case of this side was read."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Response, expect

from e2e.cases_in_record import record_past_case
from e2e.harness import City, Laptop
from e2e.officer import Officer
from e2e.test_scope import at_the_record
from py_core.desk.similar_cases import READ_AT_ONCE

GOES_ON = "正在继续查找"


@pytest.mark.parametrize(
    ("title", "found"),
    [("屋檐下燕子衔泥", ""), ("屋檐漏水滴进配电箱里", "可能是重复诉求")],
    ids=["nothing", "something"],
)
def test_it_goes_on_without_another_key(city: City, laptop: Callable[..., Laptop], title: str, found: str) -> None:
    """There are more cases than are read at once. Where nothing is like it, the word that the search goes on is all that
    comes."""
    city.stop()
    with at_the_record(city) as parts:
        for _ in range(READ_AT_ONCE):
            record_past_case(parts, 1)
        record_past_case(parts, 1, title="屋檐漏水滴进配电箱")
    city.start()
    desk = Officer(laptop("linxiao").open(), city, "linxiao")
    desk.sign_in()
    page = desk.page
    answers: list[str] = []

    def is_last(response: Response) -> bool:
        """Of those that ask for the title: choosing the matter asks as well, with nothing typed yet."""
        if "/register/similar" not in response.url or quote(title) not in (response.request.post_data or ""):
            return False
        answers.append(response.text())
        return GOES_ON not in answers[-1]

    page.goto(city.url + "/register")
    page.locator("input[name=offer][value='offer:hotline-citizen']").check()
    with page.expect_response(is_last):
        page.fill("#title", title)
    assert [GOES_ON in part for part in answers] == [True, False], f"more than {READ_AT_ONCE} cases, in two portions"
    expect(page.locator("#similar")).not_to_contain_text(GOES_ON)
    expect(page.locator("#similar")).to_contain_text(found)
    if not found:
        expect(page.locator("#similar")).to_be_empty()
