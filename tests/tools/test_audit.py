"""The audit of dependencies fails closed, and no secret lies in the repository."""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tools import audit

PINS = {"jinja2": "3.1.6"}
REVIEW: dict[str, Any] = {
    "pypi": {"reviewed_on": date(2026, 11, 1), "by": "somebody", "looked_at": "x", "pins": audit.digest(PINS)}
}


def test_a_review_stands_in_until_it_expires_and_for_its_versions_only() -> None:
    assert audit.standing_in(REVIEW, "pypi", PINS, date(2027, 4, 30)) == ""
    assert "expired" in audit.standing_in(REVIEW, "pypi", PINS, date(2027, 5, 1))
    assert "future" in audit.standing_in(REVIEW, "pypi", PINS, date(2026, 10, 1))
    assert "other versions" in audit.standing_in(REVIEW, "pypi", {"jinja2": "3.1.5"}, date(2026, 12, 1))
    assert "no review" in audit.standing_in(REVIEW, "npm", PINS, date(2026, 12, 1))


def test_nobody_to_ask_and_no_review_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object) -> list[str]:
        raise audit.Unreachable("no line")

    monkeypatch.setattr(audit, "ask_pypi", nobody)
    monkeypatch.setattr(audit, "ask_npm", nobody)
    assert audit.audit({}, date(2026, 11, 27)) == 2


def test_a_weakness_is_a_failure_even_where_a_review_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ask_pypi", lambda pins: ["x 1: GHSA-1"])
    monkeypatch.setattr(audit, "ask_npm", list)
    assert audit.audit(REVIEW, date(2026, 11, 27)) == 1


@pytest.mark.parametrize(
    "text", ["", "{}", '{"message": "405 Method Not Allowed"}', '{"error": {}}', "found 0 vulnerabilities"]
)
def test_what_is_no_report_is_no_clean_bill(text: str) -> None:
    with pytest.raises(audit.Unreachable):
        audit.read_npm(text)


def test_npms_report_is_read() -> None:
    report = {"vulnerabilities": {"x": {"severity": "high"}}, "metadata": {"vulnerabilities": {"total": 1}}}
    assert audit.read_npm(json.dumps(report)) == ["x: high"]


def test_every_pinned_package_has_its_hashes() -> None:
    """`pip --require-hashes` and `npm ci` then take nothing else, whatever a registry serves."""
    text = (audit.ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[A-Za-z0-9._-]+(?:\[[^\]]*\])?==)", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(audit.python_pins()) > 30
    assert all("--hash=sha256:" in block for block in blocks)
    assert "--require-hashes" in (audit.ROOT / "Makefile").read_text(encoding="utf-8")
    lock = json.loads((audit.ROOT / "package-lock.json").read_text(encoding="utf-8"))
    fetched = {place: entry for place, entry in lock["packages"].items() if place and not entry.get("link")}
    assert len(fetched) > 10
    assert all(entry.get("integrity", "").startswith("sha512-") for entry in fetched.values())


# What a secret looks like in a file: by its form, or as a long random word where a secret would be assigned.
_FORMS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bglpat-[\w-]{20}\b"
    r"|\bxox[abpr]-[\w-]{10,}|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}|\bsk-[A-Za-z0-9]{32,}\b|\bnpm_[A-Za-z0-9]{36}\b"
    r"|\bpypi-[\w-]{50,}|postgres(?:ql)?://[^\s:@/]+:[^\s:@/{}$<*]+@"
)  # fmt: skip
_ASSIGNED = re.compile(
    r"(?i)(?:secret|token|passwd|password|api_?key|private_?key|seed)[\w\"']*\s*[:=]\s*[\"']([A-Za-z0-9+/=_-]{20,})[\"']"
)
_SKIPPED = frozenset({".png", ".jpg", ".ico", ".woff2", ".mo", ".whl", ".wasm"})
# Seeds and keys of test vectors and of the invented demonstration city: public on purpose.
_PUBLIC = frozenset(
    {
        "tests/vectors/acts.json",
        "tests/vectors/exchange.json",
        "tests/vectors/carried.json",
        "server/demo/accounts.toml",
    }
)


def secrets_in(text: str) -> list[str]:
    """Words of a text that look like secrets."""
    found = [match[0] for match in _FORMS.finditer(text)]
    return found + [match[1] for match in _ASSIGNED.finditer(text) if _entropy(match[1]) > 3.5]


def _entropy(word: str) -> float:
    """Shannon's, in bits a character: words of a language stay below 3.5, random ones of this length above."""
    return -sum(n / len(word) * math.log2(n / len(word)) for n in Counter(word).values())


def test_no_secret_lies_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=audit.ROOT, capture_output=True, check=True).stdout
    names = [name for name in listed.decode().split("\0") if name]
    assert len(names) > 300
    found = {}
    for name in names:
        path = audit.ROOT / name
        if path.suffix in _SKIPPED or name in _PUBLIC or not path.is_file() or name == "tests/tools/test_audit.py":
            continue
        secrets = secrets_in(path.read_text(encoding="utf-8", errors="replace"))
        if secrets:
            found[name] = [secret[:6] + "…" for secret in secrets]
    assert found == {}


def test_the_search_for_secrets_finds_some() -> None:
    assert secrets_in("-----BEGIN " + "PRIVATE KEY-----")
    assert secrets_in("api_key = '" + "q8Zr2LmX0vTn5KdW7yBs" + "'")
    assert secrets_in("DATABASE_URL=postgresql://shouwen:hunter2@db/shouwen")
    assert not secrets_in("password = 'chengjiang-2026'")
    assert not secrets_in("postgresql://user@host/name")


def test_files_with_keys_are_not_tracked() -> None:
    listed = (
        subprocess.run(["git", "ls-files"], cwd=audit.ROOT, capture_output=True, check=True).stdout.decode().split()
    )
    assert [name for name in listed if Path(name).suffix in (".key", ".pem", ".p12", ".sqlite3", ".env")] == []
