"""A device that never reaches the server: its outbox goes by file, the receipts come back by file, two ticks offline."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from e2e.harness import City, Laptop
from e2e.officer import PASSWORD, Officer
from e2e.pictures import look


def test_the_outbox_goes_by_usb_stick_and_the_receipts_come_back(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop], tmp_path: Path
) -> None:
    city = prepared_city("linxiao")
    machine = laptop("linxiao")
    lin = Officer(machine.open(), city, "linxiao")
    lin.unlock()

    # From here on the server is never there while this device is open.
    city.stop()
    lin.open("/today")
    case = lin.register_appeal("群众", "韩国强", "用U盘带出的事项", "金丝雀内容不得可读")
    lin.open("/sync")
    look(lin.page, "device-carry-out")
    with lin.page.expect_download() as saving:
        lin.page.click("#carry-out")
    assert re.fullmatch(r"shouwen-[0-9a-f]{8}\.carry", saving.value.suggested_filename)
    outbox = tmp_path / saving.value.suggested_filename
    saving.value.save_as(outbox)
    expect(lin.page.locator("[data-part=carry]")).to_contain_text("1 条记录")
    data = outbox.read_bytes()
    for secret in ("韩国强", "金丝雀", "linxiao", "hello"):
        assert secret.encode() not in data
    expect(lin.page.locator(".sw-carry")).to_contain_text(saving.value.suggested_filename)

    machine.close()
    city.start()

    # Somebody at the centre takes the file in; half of it first, by mistake.
    centre_machine = laptop("qianwen")
    centre = Officer(centre_machine.open(), city, "qianwen")
    page = centre.page
    page.goto(city.url + "/centre/carried")
    page.fill("input[name=user]", "qianwen")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    half = tmp_path / "half.carry"
    half.write_bytes(data[: len(data) // 2])
    page.set_input_files("#file", half)
    page.click("#carried-form button")
    expect(page.locator("#file-error")).to_contain_text("文件不完整")
    page.set_input_files("#file", outbox)
    page.click("#carried-form button")
    expect(page.locator("main")).to_contain_text("现收入 1 条")
    look(page, "carried-file")
    with page.expect_download() as giving:
        page.click("#receipts")
    receipts = tmp_path / giving.value.suggested_filename
    giving.value.save_as(receipts)
    assert receipts.stem == outbox.stem
    page.goto(city.url + "/centre/carried")
    look(page, "carried")

    centre_machine.close()
    city.stop()

    # Back at the device, still without network: the wrong file is told, the right one gives two ticks.
    lin = Officer(machine.open(), city, "linxiao")
    lin.unlock("/sync")
    lin.page.set_input_files("#carry-receipts", outbox)
    expect(lin.page.locator("[data-part=carry]")).to_contain_text("两种文件拿混了")
    lin.page.set_input_files("#carry-receipts", receipts)
    expect(lin.page.locator("[data-part=carry]")).to_contain_text("1 条记录已有全市记录签名回执")
    lin.page.set_input_files("#carry-receipts", receipts)
    expect(lin.page.locator("[data-part=carry]")).to_contain_text("没有新内容")
    lin.open(case)
    assert set(lin.ticks()) == {"record"}

    # The network is back: nothing is done twice, the device goes on as always.
    city.start()
    lin.do(case, "reply", text="已答复。", opinion="satisfied")
    lin.expect_all_in_record()
    assert len(lin.ticks()) == 2
