"""Lets a browser's renderer processes run only a part of the time, as on a slower machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from bench.setting.processes import lines

_SLICE_SECONDS = 0.004


class Slowed:
    """`times` slower while it is entered; 1 changes nothing. Only processes of the browser with this profile."""

    def __init__(self, profile: Path, times: int) -> None:
        self._profile, self._times = profile, times
        self._process: subprocess.Popen[bytes] | None = None
        self._pids: list[int] = []

    def __enter__(self) -> Slowed:
        if self._times > 1:
            self._pids = renderers(self._profile)
            arguments = [str(self._times), *map(str, self._pids)]
            self._process = subprocess.Popen([sys.executable, "-m", "bench.setting.slowed", *arguments])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        _signal_all(self._pids, signal.SIGCONT)


def renderers(profile: Path) -> list[int]:
    """The renderer processes below the browser that works in this profile."""
    return [pid for pid, line in lines(profile).items() if "--type=renderer" in line]


def _signal_all(pids: list[int], which: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, which)
        except ProcessLookupError:
            continue


def _slow(times: int, pids: list[int]) -> None:
    while True:
        _signal_all(pids, signal.SIGSTOP)
        time.sleep(_SLICE_SECONDS * (times - 1))
        _signal_all(pids, signal.SIGCONT)
        time.sleep(_SLICE_SECONDS)


if __name__ == "__main__":
    _slow(int(sys.argv[1]), [int(pid) for pid in sys.argv[2:]])
