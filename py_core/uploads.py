"""A device's uploads of photographs and papers: what to send next, from where, and what an answer means. Sans-I/O.

Contents go after the acts that name them, one at a time, in chunks that adapt to the line so that an act never waits
long behind one. Owns the order, the back-off and the progress that people see. Must not touch bytes or network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CHUNK_BYTES_MAX = 256 * 1024
CHUNK_BYTES_MIN = 16 * 1024
CHUNK_MS_GOAL = 2_000
BACK_OFF_FIRST_MS = 2_000
BACK_OFF_MAX_MS = 120_000
RETRY_AFTER_MAX_MS = 6 * 3_600_000
WRONG_MAX = 2  # times that a content is sent again after the record found that it does not fit its hash

_SLOWER = 4  # a chunk that took this many times less than the goal lets the next one be twice as long


@dataclass(frozen=True, slots=True)
class Step:
    """What the host should do: ask where an upload stands, or send `length` bytes from `offset`."""

    do: Literal["ask", "send"]
    sha256: str
    offset: int = 0
    length: int = 0
    total: int = 0


@dataclass(slots=True)
class _File:
    sha256: str
    size: int
    act: str  # hash of the act that names it
    ready: bool
    at_centre: bool = (
        False  # the record refused its act: the centre decides, until then nothing is sent and nothing goes
    )
    offset: int | None = None  # None: the record was not asked yet
    wrong: int = 0


class UploadClient:
    """One device's queue of contents for the record."""

    def __init__(self) -> None:
        self.problem = ""
        self.sparing = False  # the person asked the browser to save data: contents wait until somebody says go
        self._told_to_go = False
        self.refused: dict[str, str] = {}  # content -> why the record will not have it
        self._files: dict[str, _File] = {}
        self._chunk = CHUNK_BYTES_MIN * 4
        self._failures = 0
        self._done = 0
        self._done_bytes = 0

    @property
    def waiting(self) -> int:
        """How many contents are not in the record yet."""
        return len(self._files)

    @property
    def is_held(self) -> bool:
        """Whether contents wait because data are to be saved; acts go all the same."""
        return self.sparing and not self._told_to_go and bool(self._files)

    def go(self) -> None:
        """Somebody wants what waits to be sent now, whatever it costs."""
        self._told_to_go = True

    @property
    def acts(self) -> frozenset[str]:
        """The acts of which a content is only on this device."""
        return frozenset(each.act for each in self._files.values())

    def is_waiting(self, sha256: str) -> bool:
        """Whether a content is only on this device."""
        return sha256 in self._files

    def add(self, sha256: str, size: int, act: str, *, ready: bool, at_centre: bool = False) -> None:
        """Takes a content that an act names; `ready` once the act is in the record, `at_centre` while that refuses it."""
        if sha256 not in self._files:
            self._files[sha256] = _File(sha256, size, act, ready, at_centre)
        elif ready:
            self._files[sha256].ready = True

    def act_taken(self, act: str) -> None:
        """The record has an act: what it names may follow."""
        for file in self._files.values():
            if file.act == act:
                file.ready, file.at_centre = True, False

    def act_refused(self, act: str, *, for_good: bool) -> None:
        """The record did not take an act; `for_good`: the centre left it out, so nobody will ask for what it names."""
        for file in [each for each in self._files.values() if each.act == act and not each.ready]:
            file.at_centre = True
            if for_good:
                del self._files[file.sha256]

    def next(self) -> Step | None:
        """The next step; None while nothing is ready or everything is held."""
        if self.is_held:
            return None
        file = next((each for each in self._files.values() if each.ready), None)
        if file is None:
            return None
        if file.offset is None:
            return Step("ask", file.sha256)
        length = min(self._chunk, file.size - file.offset)
        return Step("send", file.sha256, file.offset, length, file.size)

    def moved(self, sha256: str, offset: int, complete: bool, took_ms: int) -> bool:
        """The record said where an upload stands; True when the content is in the record now."""
        file = self._files.get(sha256)
        if file is None:
            return False
        self._failures = 0
        self.problem = ""
        if took_ms > CHUNK_MS_GOAL:
            self._chunk = max(CHUNK_BYTES_MIN, self._chunk // 2)
        elif took_ms * _SLOWER < CHUNK_MS_GOAL and file.offset is not None:
            self._chunk = min(CHUNK_BYTES_MAX, self._chunk * 2)
        if not complete:
            file.offset = min(max(0, offset), file.size - 1)
            return False
        del self._files[sha256]
        self._done += 1
        self._done_bytes += file.size
        if not self._files:
            self._done = self._done_bytes = 0
            self._told_to_go = False
        return True

    def failed(self, sha256: str, status: int | None, offset: int, jitter: float, retry_after_ms: int | None) -> int:
        """The record did not take a chunk (HTTP status; None: no answer); gives the wait in milliseconds.

        `jitter` is a random number in [0, 1) from the host.
        """
        file = self._files.get(sha256)
        if status == 409 and file is not None:  # another line was faster, or an answer was lost
            file.offset = min(offset, file.size - 1)
            return 0
        if status is None:
            self._chunk = max(CHUNK_BYTES_MIN, self._chunk // 2)
        if file is not None:
            file.offset = None  # what a broken line had brought is the record's to say
            if status == 422:
                file.wrong += 1
            if status in (413, 415) or file.wrong > WRONG_MAX:
                self._refuse(file, {413: "too_large", 415: "wrong_type"}.get(status or 0, "wrong_hash"))
                return 0
        self.problem = "quota" if status == 429 else ""
        delay = min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** min(self._failures, 10))
        self._failures += 1
        delay = int(delay * (0.5 + jitter / 2))
        return delay if retry_after_ms is None else max(delay, min(retry_after_ms, RETRY_AFTER_MAX_MS))

    def progress(self) -> tuple[int, int, int, int] | None:
        """Files done, files, bytes done, bytes; of all since nothing waited last. None when nothing waits."""
        files = [file for file in self._files.values() if not file.at_centre]
        if not files:
            return None
        begun = sum(file.offset or 0 for file in files)
        waiting = sum(file.size for file in files)
        return self._done, self._done + len(files), self._done_bytes + begun, self._done_bytes + waiting

    def _refuse(self, file: _File, why: str) -> None:
        self.refused[file.sha256] = why
        self.problem = "refused"
        del self._files[file.sha256]
