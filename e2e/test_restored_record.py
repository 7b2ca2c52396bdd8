"""The record burns down and comes back from a backup: what two devices have from after it comes in again, and a third
that was enrolled after it comes back under its own id."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, expect

from e2e.harness import SHOUWEN, City, Laptop
from e2e.officer import ARRIVAL_MS_MAX, PASSWORD, Officer
from e2e.pictures import look
from e2e.test_scope import at_the_record, prepared
from py_core.change import decode_act_change
from server import record

SENT_AGAIN = re.compile(r"[12] 条记录会自动重新送交")
BEFORE, LIN, ZHAO, AFTER = "备份前的说明", "备份后林晓写的", "备份后赵磊写的", "停机时写的"


def shouwen(*arguments: str) -> str:
    """The command as the operator types it."""
    done = subprocess.run([str(SHOUWEN), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def timeline(officer: Officer) -> Locator:
    return officer.page.locator(".sw-timeline")


def texts_of(city: City) -> list[str]:
    """The text of every act in the log, while the server is stopped."""
    with at_the_record(city) as parts, parts.database.reading() as connection:
        return [decode_act_change(each.raw).text for each in record.entries_from(connection, 0)]


def test_a_restored_record_has_everything_that_the_devices_have(
    prepared_city: Callable[..., City], laptop: Callable[..., Laptop], tmp_path: Path
) -> None:
    city = prepared_city("linxiao", "zhaolei")
    lin, path = prepared(laptop, city, "linxiao")
    zhao, _ = prepared(laptop, city, "zhaolei")
    lin.do(path, "note", text=BEFORE)
    lin.expect_all_in_record()
    backup = tmp_path / "backup"
    shouwen("backup", "--data", str(city.data), str(backup))

    # After the backup: work on both devices, and a third device with a case that nobody else holds.
    lin.do(path, "note", text=LIN)
    lin.expect_all_in_record()
    zhao.open(path)
    expect(timeline(zhao)).to_contain_text(LIN, timeout=ARRIVAL_MS_MAX)
    zhao.do(path, "note", text=ZHAO)
    zhao.expect_all_in_record()
    late = Officer(laptop("late").open(), city, "xujing")
    late.sign_in()
    late.prepare_for_offline()
    case = late.register_appeal("群众", "周芳", "井盖松动", "路口井盖松动，夜里响")
    late.expect_all_in_record()

    for officer in (lin, zhao):
        officer.open("/sync")
        expect(officer.page.locator("#offered-again")).to_have_count(0)
    city.stop(signal.SIGKILL)
    shutil.rmtree(city.data)
    shouwen("restore", "--data", str(city.data), str(backup))
    lin.do(path, "note", text=AFTER)  # nobody has to wait for the record
    assert not [text for text in texts_of(city) if LIN in text or "井盖松动" in text]
    city.start()

    for officer in (lin, zhao):
        officer.open("/sync")
        told = officer.page.locator("#offered-again")
        expect(told).to_contain_text(SENT_AGAIN, timeout=ARRIVAL_MS_MAX)
    # Who signed in after the backup has to do it again: then the record takes the third device in by what it once signed.
    late.page.goto(city.url + "/sign-in?other=1")
    late.page.fill("input[name=user]", "xujing")
    late.page.fill("input[name=password]", PASSWORD)
    late.page.click("main button[type=submit]")
    expect(late.page).to_have_url(re.compile("/today"))
    late.open("/sync")
    expect(late.page.locator("main")).to_contain_text("备份", timeout=ARRIVAL_MS_MAX)
    late.open(case)
    late.expect_all_in_record()
    for officer in (lin, zhao):
        officer.open(path)
        for words in (BEFORE, LIN, ZHAO, AFTER):
            expect(timeline(officer)).to_contain_text(words, timeout=ARRIVAL_MS_MAX)
        officer.expect_all_in_record()
    lin.open("/sync")
    expect(lin.page.locator("#offered-again")).to_contain_text(SENT_AGAIN)
    look(lin.page, "device-restored")

    security = Officer(laptop("security").open(), city, "luoan")
    security.page.route("**/assets/page.js", lambda route: route.abort())
    security.sign_in()
    security.page.goto(city.url + "/centre/devices")
    expect(security.page.locator("main")).to_contain_text("备份")
    look(security.page, "centre-restored")
    auditor = Officer(laptop("audit").open(), city, "yanjing")
    auditor.page.route("**/assets/page.js", lambda route: route.abort())
    auditor.sign_in()
    auditor.page.goto(city.url + "/centre/audit")
    expect(auditor.page.locator("main")).to_contain_text("凭登记单重新接入")

    city.stop()
    texts = texts_of(city)
    for words in (BEFORE, LIN, ZHAO, AFTER):
        assert len([text for text in texts if words in text]) == 1, words
    assert [text for text in texts if "井盖松动" in text]
    shouwen("verify", "--data", str(city.data))
