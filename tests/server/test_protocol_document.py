"""The protocol's document names every reason, status and limit that the code has."""

from __future__ import annotations

import re
from pathlib import Path

from py_core import wire
from server.exchange import ACTORS_MAX
from server.settings import Settings

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = (ROOT / "docs" / "sync-protocol.md").read_text(encoding="utf-8")


def in_code(pattern: str) -> set[str]:
    modules = (ROOT / "server").rglob("*.py")
    found = {name for module in modules for name in re.findall(pattern, module.read_text("utf-8"))}
    assert found, f"{pattern} finds nothing: the test looks for the wrong thing"
    return found


def test_every_reason_of_quarantine_is_explained() -> None:
    reasons = in_code(r'\bRefusal\("(\w+)"') | {
        "not_at_the_end",
        "unknown_actor",
        "foreign_actor",
    }
    assert {reason for reason in reasons if f"`{reason}`" not in DOCUMENT} == set()


def test_every_error_of_an_exchange_is_explained() -> None:
    codes = in_code(r'ExchangeRefused\(\s*\d+, "(\w+)"') | {
        "signed_out",
        "too_large",
        "storage_full",
        "busy",
    }
    assert {code for code in codes if f"`{code}`" not in DOCUMENT} == set()


def test_the_limits_are_the_codes(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    assert wire.REQUEST_BYTES_MAX == settings.sync_body_bytes_max == 4 * 1024 * 1024
    assert "4 MiB each" in DOCUMENT
    assert f"| frames in a request | {wire.REQUEST_FRAMES_MAX:,} |" in DOCUMENT
    assert f"| actor announcements in a request | {ACTORS_MAX} |" in DOCUMENT
    assert f"| one JSON frame | {wire.JSON_BYTES_MAX // 1024**2} MiB, nested {wire.JSON_DEPTH_MAX} deep" in DOCUMENT
    assert f"| one page of changes in an answer | {settings.pull_page_bytes // 1024} KiB before" in DOCUMENT
