"""The processes of a browser, and when they have come to rest."""

from __future__ import annotations

import os
import time
from pathlib import Path

_LOOK_SECONDS = 0.5
_AT_REST = 0.05  # of one processor
_SECONDS_MAX = 30.0
_TICKS = os.sysconf("SC_CLK_TCK")


def lines(profile: Path) -> dict[int, str]:
    """The command lines of all processes of the browser that works in this profile, by process."""
    parents: dict[int, int] = {}
    found: dict[int, str] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                parents[int(folder.name)] = int(_stat(folder)[1])
            except OSError:
                continue  # it has ended meanwhile
    own = {pid for pid, line in found.items() if f"--user-data-dir={profile}" in line and "--type=" not in line}
    while more := {pid for pid, parent in parents.items() if parent in own} - own:
        own |= more
    return {pid: found[pid] for pid in sorted(own)}


def rest(profile: Path) -> None:
    """Waits until the browser is done with what it starts on its own: Chromium puts windows of its own together."""
    deadline = time.monotonic() + _SECONDS_MAX
    before = _seconds(profile)
    while time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
        now = _seconds(profile)
        if now - before < _AT_REST * _LOOK_SECONDS:
            return
        before = now
    raise TimeoutError(f"the browser in {profile} did not come to rest within {_SECONDS_MAX:.0f} s")


def _seconds(profile: Path) -> float:
    """What the browser's processes have worked so far."""
    ticks = 0
    for pid in lines(profile):
        try:
            ticks += sum(map(int, _stat(Path("/proc", str(pid)))[11:13]))
        except OSError:
            continue
    return ticks / _TICKS


def _stat(folder: Path) -> list[str]:
    """The process's fields, from its state on (proc(5): the third)."""
    return (folder / "stat").read_text().rpartition(")")[2].split()
