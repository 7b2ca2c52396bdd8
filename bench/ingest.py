"""Acts through the full gate, durable on SQLite, while single pushes of other devices come in between.

One process as in service: the gate asks the real engine in its own process, each exchange is one transaction on the
disk. Two devices push batches of 50 without pause; a third pushes one act every 100 ms and waits for its receipt.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.figure import Figure
from bench.page import p95
from py_core import __version__, wire
from py_core.cases.acts import Act
from py_core.change import decode_act_change, sign_bytes
from py_core.packs import load_packs
from server.demo.data import directory_document
from server.demo.own_devices import DemoDevice
from server.devices import enrol
from server.outside import SystemClock, SystemEntropy, to_ms
from server.parts import Parts, assemble
from server.settings import Settings
from server.trial import append_texts

ACTS = 3_000
BATCH = 50
EVENTS = 5  # acts in each case
USERS = ("linxiao", "zhaolei", "sunguoping")
SINGLE_EVERY_SECONDS = 0.1
GOAL_PER_SECOND = 300
GOAL_P95_MS = 600


def figures() -> Iterator[Figure]:
    """Acts a second, and the p95 of a single push meanwhile."""
    with tempfile.TemporaryDirectory(prefix="shouwen-bench-") as folder:
        parts = assemble(Settings(Path(folder), similar_cases=False), SystemClock(), SystemEntropy())
        try:
            parts.city.publish(directory_document())
            rate, single_ms = _measured(parts)
        finally:
            parts.close()
    yield Figure("ingest", f"{rate:.0f} acts/s", f"at least {GOAL_PER_SECOND}/s", rate >= GOAL_PER_SECOND)
    ms = p95(single_ms)
    yield Figure(
        "ingest-single", f"{ms:.0f} ms p95 of {len(single_ms)}", f"at most {GOAL_P95_MS} ms", ms <= GOAL_P95_MS
    )


def _measured(parts: Parts) -> tuple[float, list[float]]:
    pushers = [_Pusher(parts, user, ACTS // 2) for user in USERS[:2]]
    single = _Pusher(parts, USERS[2], 600)
    threads = [threading.Thread(target=each.push_all, args=(BATCH,)) for each in pushers]
    times: list[float] = []
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        sent = time.perf_counter()
        if not single.push(1):
            break
        times.append((time.perf_counter() - sent) * 1000)
        time.sleep(SINGLE_EVERY_SECONDS)
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    taken = sum(each.accepted for each in (*pushers, single))
    assert taken == ACTS + len(times), f"the gate took {taken} of {ACTS + len(times)}"
    return taken / seconds, times


class _Pusher:
    """A device with acts that are signed and ready to be sent."""

    def __init__(self, parts: Parts, user: str, acts: int) -> None:
        self._parts, self._user = parts, user
        self._device = DemoDevice(hashlib.sha256(f"bench {user}".encode()).digest(), user)
        with parts.database.writing() as connection:
            now_ms = to_ms(parts.clock.now())
            own = self._device
            enrolled = enrol(connection, parts.entropy, parts.receipts.key, own.ask(user), now_ms)
            own.id = enrolled.id
        self.accepted = 0
        self._actor = own.actor_on(datetime.now(UTC).date())
        self._waiting = [item for number in range(acts // EVENTS) for item in self._case(number)]
        self._said = own.announcements

    def push_all(self, batch: int) -> None:
        """Everything, one exchange after the other."""
        while self.push(batch):
            pass

    def push(self, count: int) -> bool:
        """One exchange; False when nothing was left to send."""
        now, self._waiting = self._waiting[:count], self._waiting[count:]
        if not now:
            return False
        hello = wire.Hello(self._device.id, 10**9, 10**9, __version__, 0, scope="xingqiao")
        frames = [wire.message_frame(hello), *(wire.message_frame(each) for each in self._said), *now]
        answer = self._parts.exchange.answer(self._user, frames)
        verdicts = [wire.read_message(frame) for frame in answer[: len(now)]]
        self.accepted += sum(isinstance(each, wire.Verdict) and each.verdict == "accepted" for each in verdicts)
        return True

    def _case(self, number: int) -> list[wire.Pushed]:
        case_id = hashlib.sha256(f"{self._user} {number}".encode()).hexdigest()[:32]
        texts = []
        registered = {
            "type": "registered", "pack": "HL", "matter": "citizen", "channel": "walk_in", "claimant": "person",
            "title": "路灯不亮", "text": "河西路口路灯坏了三天，晚上看不清路。", "unit": "xingqiao",
        }  # fmt: skip
        for place in range(EVENTS):
            event = registered if place == 0 else {"type": "noted", "text": f"第{place}次联系当事人。"}
            at = datetime.now(UTC).replace(microsecond=0)
            seq = self._device.next_seq()
            act = Act(
                "bench", (event,), self._user, self._device.id, seq, at, at, None, None, load_packs().version, "1"
            )
            texts.append(act.text())
        raws = append_texts((), bytes.fromhex(self._actor), texts)
        return [
            wire.Pushed(
                case_id, self._device.alg, self._device.sign(sign_bytes(case_id, decode_act_change(raw).hash)), raw
            )
            for raw in raws
        ]
