"""The bar above every page stays one line, however much the sync light has to say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from e2e.desk_pictures import HOST, served
from e2e.harness import Laptop
from e2e.pictures import LANGUAGES
from py_core.desk.ports import Uploading

from fakes import NOW, Desk  # isort: skip

ONE_LINE = 68  # pixels


@pytest.mark.parametrize("width", [961, 1024, 1366])
def test_the_bar_is_one_line_with_all_that_the_light_can_say(laptop: Callable[..., Laptop], width: int) -> None:
    desk = Desk()
    desk.store.status = replace(
        desk.store.status,
        online=False,
        waiting=128,
        last_contact_at=NOW,
        problem="device_frozen",
        uploading=Uploading(files=12, files_done=3, bytes=148_000_000, bytes_done=12_300_000),
    )
    page = laptop("bar").open()
    page.set_viewport_size({"width": width, "height": 768})
    pages = {lang: desk.get("/today", lang).html for lang in LANGUAGES}
    for lang in LANGUAGES:
        with served(page, pages):
            page.goto(f"{HOST}/today?lang={lang}")
        row = page.locator(".sw-bar__row").bounding_box()
        light = page.locator("#sync-light").bounding_box()
        word = page.locator("#sync-light > span").first.bounding_box()
        assert row is not None
        assert light is not None
        assert word is not None
        assert row["height"] <= ONE_LINE, (lang, row)
        # What comes first is whole.
        assert word["y"] + word["height"] <= light["y"] + light["height"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
