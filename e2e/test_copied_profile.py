"""A browser profile that was copied: both copies work without network, the record notices, both acts are kept, the
device is frozen and its person enrols it anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from e2e.harness import City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, PASSPHRASE, Officer
from e2e.pictures import look
from e2e.test_fresh_sign_in import HOUR_MS, time_passes


def test_a_copied_profile_is_noticed_and_enrolled_anew(
    city: City, laptop: Callable[..., Laptop], tmp_path: Path
) -> None:
    machine = laptop("one")
    lin = Officer(machine.open(), city, "linxiao")
    lin.sign_in()
    lin.prepare_for_offline()
    machine.close()
    shutil.copytree(tmp_path / "profile-one", tmp_path / "profile-copy", symlinks=True)
    city.stop()

    # Without network each copy gives its act the same number.
    other = laptop("copy")
    copy = Officer(other.open(), city, "linxiao")
    copy.unlock()
    copied_case = copy.register_appeal("群众", "白小梅", "复制机上的登记", "内容")
    lin = Officer(machine.open(), city, "linxiao")
    lin.unlock()
    own_case = lin.register_appeal("群众", "高大山", "原机上的登记", "内容")
    machine.close()

    time_passes(city, HOUR_MS)
    city.start()
    copy.open(copied_case)
    copy.expect_all_in_record()

    # The second copy hears that its profile exists twice; what it recorded is kept here and at the centre.
    lin = Officer(machine.open(), city, "linxiao")
    lin.unlock("/sync")
    form = lin.page.locator("#reenrol")
    expect(form).to_be_visible(timeout=ARRIVAL_MS_MAX)
    expect(lin.page.locator("main")).to_contain_text("同一编号")
    look(lin.page, "device-frozen")
    lin.page.fill("#device-name", "党群窗口 2 号机")
    lin.page.fill("#reenrol-passphrase", PASSPHRASE)
    form.locator("button").click()

    # Who signed in an hour ago proves once more who it is, and is back here without unlocking anew.
    form.locator("#sign-in-again").click()
    lin.give_password()
    expect(form).to_be_visible()
    lin.page.fill("#device-name", "党群窗口 2 号机")
    lin.page.fill("#reenrol-passphrase", PASSPHRASE)
    form.locator("button").click()
    expect(lin.page.locator("main")).not_to_contain_text("同一编号", timeout=ARRIVAL_MS_MAX)

    # It works again under its new number, and still shows the act that was held back.
    fresh_case = lin.register_appeal("群众", "钟晚晴", "重新登记后的登记", "内容")
    lin.open(fresh_case)
    lin.expect_all_in_record()
    lin.open(own_case)
    expect(lin.page.locator(".sw-timeline")).to_contain_text("登记")

    centre = Officer(laptop("centre").open(), city, "qianwen")
    centre.sign_in()
    centre.page.goto(city.url + "/centre/devices")
    expect(centre.page.locator("main")).to_contain_text("起发现设备数据有两份副本")
    expect(centre.page.locator("main")).to_contain_text("党群窗口 2 号机")
    look(centre.page, "centre-frozen")
    centre.page.goto(city.url + "/centre/quarantine")
    look(centre.page, "centre-quarantine")
