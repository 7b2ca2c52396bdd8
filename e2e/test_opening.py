"""What opens a device: a passphrase that is hard to guess, another one later, a passkey beside it; all without network."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from e2e.authenticator import Authenticator
from e2e.harness import City, Laptop
from e2e.officer import PREPARE_MS_MAX, Officer
from e2e.pictures import look

AFTER = "桥上的灯笼被风吹灭了"
# What every database of this origin keeps under the name of passkeys.
KEPT_FOR_PASSKEYS = """async () => {
  const asked = request => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = reject; });
  const kept = [];
  for (const { name } of await indexedDB.databases()) {
    const database = await asked(indexedDB.open(name));
    if (database.objectStoreNames.contains('device')) kept.push(...await asked(database.transaction('device').objectStore('device').get('passkeys')) ?? []);
    database.close();
  }
  return kept.map(each => each.id);
}"""


def test_a_passphrase_is_strong_can_be_changed_and_a_passkey_opens_beside_it(
    city: City, laptop: Callable[..., Laptop]
) -> None:
    city.url = city.url.replace("127.0.0.1", "localhost")  # passkeys belong to names, not to addresses
    machine = laptop("lin")
    lin = Officer(machine.open(), city, "linxiao")
    page = lin.page
    lin.sign_in()
    for weak, said in (("12345678", "太容易被猜到"), ("密码", "太短")):
        page.fill("#new-passphrase", weak, timeout=PREPARE_MS_MAX)
        page.fill("#new-passphrase-again", weak)
        page.click("#device-passphrase button[type=submit]")
        expect(page.locator("#device-passphrase [role=alert]")).to_contain_text(said)
    lin.prepare_for_offline()
    city.stop()

    lin.open("/sync")
    page.get_by_text("修改口令", exact=True).first.click()
    page.fill("#passphrase-before", "不是这个口令")
    page.fill("#passphrase-after", AFTER)
    page.fill("#passphrase-after-again", AFTER)
    page.click("#change-passphrase button")
    expect(page.locator("#change-passphrase [role=alert]")).to_contain_text("口令不正确")
    assert page.locator("#change-passphrase[data-htmx-powered]").count() == 0, "it would be sent to the desk as well"
    page.fill("#passphrase-before", "河边的灯笼照着石阶")
    page.click("#change-passphrase button")
    expect(page.locator("#opening-setting [role=status]").first).to_contain_text("只有新口令")

    authenticator = Authenticator(page)
    page.get_by_text("同时可用指纹").click()
    look(page, "device-opening")
    page.fill("#passkey-passphrase", AFTER)
    page.click("#add-passkey button")
    expect(page.locator("#remove-passkeys")).to_be_visible()

    page.click("#lock")
    page.click("#unlock-passkey")
    expect(page.locator("#lock")).to_be_visible()
    lin.open("/sync")
    look(page, "device-opening-set")
    page.click("#lock")
    page.fill("#passphrase", "河边的灯笼照着石阶")
    page.click("#unlock button[type=submit]")
    expect(page.locator("#unlock-error")).to_contain_text("口令不正确")
    look(page, "device-opening-locked")
    page.fill("#passphrase", AFTER)
    page.click("#unlock button[type=submit]")
    expect(page.locator("#lock")).to_be_visible()

    page.click("#remove-passkeys")
    expect(page.locator("#add-passkey")).to_be_attached()
    page.click("#lock")
    expect(page.locator("#passphrase")).to_be_visible()
    expect(page.locator("#unlock-passkey")).to_have_count(0)

    # The authenticator still holds it, but the device keeps nothing that it could open, also after a new start.
    assert len(authenticator.credentials) == 1
    page.reload()
    expect(page.locator("#passphrase")).to_be_visible()
    expect(page.locator("#unlock-passkey")).to_have_count(0)
    assert page.evaluate(KEPT_FOR_PASSKEYS) == []
    page.fill("#passphrase", AFTER)
    page.click("#unlock button[type=submit]")
    expect(page.locator("#lock")).to_be_visible()
