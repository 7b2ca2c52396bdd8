"""Asks whether anything pinned in the lock files has a published weakness; fails closed when nobody could be asked.

Python packages are asked at PyPI's advisory data, npm's at the registry's audit. Where a source cannot be reached, a
dated review (`tools/audit.toml`) may stand in for it: only until it expires, and only for exactly the versions that
it saw. `--record NAME` writes that review down after somebody has looked (what was looked at is said in it).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
REVIEW = ROOT / "tools" / "audit.toml"
VALID_DAYS = 180
_SECONDS = 30


class Unreachable(Exception):
    """A source of advisories that gave no answer that means anything."""


def python_pins() -> dict[str, str]:
    """Every pinned Python package with its version."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", text, re.MULTILINE))


def npm_pins() -> dict[str, str]:
    """Every pinned npm package with its version, by its place in the tree."""
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    return {place: str(entry["version"]) for place, entry in lock["packages"].items() if place and "version" in entry}


def digest(pins: Mapping[str, str]) -> str:
    """What a review saw, in one line."""
    return hashlib.sha256("\n".join(f"{name}=={pins[name]}" for name in sorted(pins)).encode()).hexdigest()


def ask_pypi(pins: Mapping[str, str]) -> list[str]:
    """Published weaknesses of the pinned versions; raises `Unreachable` at the first package without an answer."""
    found = []
    for name, version in sorted(pins.items()):
        try:
            with urllib.request.urlopen(f"https://pypi.org/pypi/{name}/{version}/json", timeout=_SECONDS) as answer:
                known: Any = json.load(answer)["vulnerabilities"]
        except (OSError, ValueError, KeyError) as error:
            why = error.code if isinstance(error, urllib.error.HTTPError) else type(error).__name__
            raise Unreachable(f"advisories of {name} {version}: {why}") from error
        found += [f"{name} {version}: {each['id']}" for each in known if not each.get("withdrawn")]
    return found


def ask_npm() -> list[str]:
    """Published weaknesses of what package-lock.json pins; raises `Unreachable`."""
    done = subprocess.run(
        ["npm", "audit", "--json"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    return read_npm(done.stdout)


def read_npm(text: str) -> list[str]:
    """What npm's report says; a report without its counts is no report, whatever the exit code was."""
    try:
        report = json.loads(text)
        counted, listed = report["metadata"]["vulnerabilities"]["total"], report["vulnerabilities"]
    except (ValueError, KeyError, TypeError) as error:
        said = re.search(r'"message": "([^"]*)"', text)
        raise Unreachable(said[1] if said else "npm audit gave no report") from error
    if counted != len(listed):
        raise Unreachable("npm audit's report contradicts itself")
    return [f"{name}: {entry['severity']}" for name, entry in sorted(listed.items())]


def standing_in(review: Mapping[str, Any], source: str, pins: Mapping[str, str], today: date) -> str:
    """Why the dated review does not stand in for a source; empty when it does."""
    entry = review.get(source)
    if entry is None:
        return "there is no review"
    until = entry["reviewed_on"] + timedelta(days=VALID_DAYS)
    if today > until:
        return f"the review of {entry['reviewed_on']} expired on {until}"
    if today < entry["reviewed_on"]:
        return f"the review is dated in the future ({entry['reviewed_on']})"
    return "" if entry["pins"] == digest(pins) else "the lock file pins other versions than were reviewed"


def audit(review: Mapping[str, Any], today: date) -> int:
    """Asks both sources; 0 only when each said that nothing is known, or a valid review stands in."""
    bad = 0
    pins = {"pypi": python_pins(), "npm": npm_pins()}
    for source, ask in (("pypi", lambda: ask_pypi(pins["pypi"])), ("npm", ask_npm)):
        try:
            found = ask()
        except Unreachable as error:
            why = standing_in(review, source, pins[source], today)
            if why:
                print(f"audit: {source}: FAILED: could not be asked ({error}), and {why}.")
                print("audit: look at the advisories, then: .venv/bin/python tools/audit.py --record YOUR-NAME")
                bad += 1
            else:
                entry = review[source]
                print(
                    f"audit: {source}: not asked ({error}); the review of {entry['reviewed_on']} by {entry['by']} stands"
                    f" for {len(pins[source])} packages: {entry['looked_at']}"
                )
            continue
        print(f"audit: {source}: {len(pins[source])} packages, {len(found)} with a published weakness")
        for line in found:
            print(f"audit: {source}: {line}")
        bad += bool(found)
    return bad


def record(by: str, today: date, looked_at: str) -> None:
    """Writes the review that may stand in for sources that cannot be reached."""
    lines = ["# Written by tools/audit.py --record; see there. Expires, and counts for exactly these versions only.\n"]
    for source, pins in (("pypi", python_pins()), ("npm", npm_pins())):
        said = json.dumps({"by": by, "looked_at": looked_at, "pins": digest(pins)}, ensure_ascii=False)
        values = json.loads(said)
        lines.append(f"[{source}]\nreviewed_on = {today.isoformat()}\n")
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items()]
        lines.append("\n")
    REVIEW.write_text("".join(lines).rstrip("\n") + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", metavar="NAME", help="write down that NAME reviewed the pinned versions today")
    parser.add_argument("--looked-at", default="", help="what the review looked at")
    given = parser.parse_args()
    today = datetime.now(UTC).date()
    if given.record:
        record(given.record, today, given.looked_at or "said nothing")
        return 0
    return audit(tomllib.loads(REVIEW.read_text(encoding="utf-8")) if REVIEW.exists() else {}, today)


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
