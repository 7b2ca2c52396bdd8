"""Finished cases leave a device to make room, stay findable, and come back whole with one press."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from e2e.harness import City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, Officer
from e2e.pictures import look


def test_a_finished_case_leaves_and_comes_back(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop]
) -> None:
    city = prepared_city("linxiao")
    machine = laptop("linxiao")
    lin = Officer(machine.open(), city, "linxiao")
    lin.unlock("/cases")
    page = lin.page
    lin.open("/sync")
    page.click("#make-room")
    expect(page.locator("[data-part=room]")).to_contain_text(re.compile(r"已有 [1-9]\d* 件办结件移出本机"))

    # Without network it is known where the case is and since when; asking for it is remembered.
    city.stop()
    lin.open("/cases")
    left = page.locator("[aria-labelledby=left-title] a").first
    title = left.inner_text()
    look(page, "device-left-list")
    left.click()
    expect(page.locator("h1")).to_have_text(title)
    expect(page.locator(".sw-panel")).to_contain_text("完整保存在全市记录中")
    look(page, "device-left")
    page.click("#recall")
    expect(page.locator("[data-part=recall]")).to_contain_text("已请求取回")

    # With network it comes by itself, with its whole timeline.
    city.start()
    expect(page.locator(".sw-timeline .sw-ticks--record").first).to_be_visible(timeout=ARRIVAL_MS_MAX)
    assert set(lin.ticks()) == {"record"}
    assert len(lin.ticks()) >= 2
