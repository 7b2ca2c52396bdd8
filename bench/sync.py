"""Reconnecting on a village line (150 ms, 256 kbit/s), against automerge-repo and PouchDB with the same 2,000 cases.

Nothing changed; a week of work (100 cases changed here, 200 there, 20 of them both); an empty device; the same while
the line is cut every 100 KB. Ours is the real server process and the real sync client, over real HTTP. The floor is
the new information alone, compressed in one piece (gzip 9). Peers get PEER_SECONDS for one step; who needs longer is
named with that.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import subprocess
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.figure import Figure
from bench.setting.line import Line, line_to
from bench.setting.server import QuietCity
from bench.setting.shared_cases import UNIT, Shared, make, week_here, write_files, write_record, write_week
from py_core import __version__
from py_core.change import decode_act_change, sign_bytes
from py_core.sync import Received, SyncClient, WaitingAct
from server.demo.data import directory_document
from server.demo.own_devices import DemoDevice
from server.devices import enrol
from server.outside import SystemClock, SystemEntropy, to_ms
from server.parts import assemble
from server.settings import Settings

CASES = 2_000
RTT_MS, KBIT = 150, 256
CUT_BYTES = 100_000
PEER_SECONDS = 180
USER = "linxiao"
PEERS = Path(__file__).parent / "peers"
NOTHING_BYTES_MAX = 300  # each way


@dataclass
class Step:
    """What one step took: seconds until both sides had everything, bytes each way, requests."""

    seconds: float
    up: int
    down: int
    requests: int

    @property
    def bytes(self) -> int:
        return self.up + self.down


class Own:
    """Our record in its own process and our sync client, over a line."""

    def __init__(self, folder: Path, shared: Shared) -> None:
        self._shared = shared
        parts = assemble(Settings(folder / "data", similar_cases=False), SystemClock(), SystemEntropy())
        parts.city.publish(directory_document())
        own = DemoDevice(hashlib.sha256(b"bench sync").digest(), USER)
        with parts.database.writing() as connection:
            now_ms = to_ms(parts.clock.now())
            own.id = enrol(connection, parts.entropy, parts.receipts.key, own.ask(USER), now_ms).id
        self._device = own
        self._actor = own.actor_on(parts.clock.now().date())
        self.here = week_here(shared, own.id, self._actor)
        write_record(parts, shared)
        token, session = parts.sessions.start(USER)
        self._headers = {
            "Cookie": f"shouwen={token}", "x-csrf-token": session.csrf, "Accept-Encoding": "gzip",
            "Content-Type": "application/octet-stream",
        }  # fmt: skip
        self.config = parts.city.current().version
        parts.close()
        self.city = QuietCity(folder / "data")
        self.city.start()

    def others_work(self) -> None:
        """The week's acts of others come to the record, which is being served."""
        parts = assemble(self.city_settings(), SystemClock(), SystemEntropy())
        write_week(parts, self._shared)
        parts.close()

    def city_settings(self) -> Settings:
        return Settings(self.city.data, similar_cases=False)

    def client(self, cursor: int) -> SyncClient:
        """A device that has everything up to the cursor."""
        return SyncClient(self._device.id, __version__, cursor=cursor, scope=UNIT if cursor else "", config=self.config)

    def put_week(self, client: SyncClient) -> None:
        """The week's acts wait on the device."""
        (announced,) = [each for each in self._device.announcements if each.actor == self._actor]
        for case_id, raw in self.here.items():
            change_hash = decode_act_change(raw).hash
            signature = self._device.sign(sign_bytes(case_id, change_hash))
            alg = self._device.alg
            client.add(WaitingAct(case_id, change_hash, raw, alg, signature, self._actor, announced.sig))

    def converge(self, client: SyncClient, line: Line) -> tuple[Step, set[str]]:
        """Exchanges until the record has said that there is no more; gives the hashes of what came."""
        line.reset()
        begun = time.perf_counter()
        requests = 0
        came: set[str] = set()
        connection = http.client.HTTPConnection("127.0.0.1", line.port, timeout=60)
        while True:
            requests += 1
            received = self._exchange(connection, client)
            if received is not None:
                client.commit(received)
                came |= {act.hash for act in received.acts}
                if received.end is not None and client.is_complete:
                    break
            if received is None or received.end is None:
                connection.close()
        seconds = time.perf_counter() - begun
        connection.close()
        return Step(seconds, line.up, line.down, requests), came

    def _exchange(self, connection: http.client.HTTPConnection, client: SyncClient) -> Received | None:
        body = client.request()
        headers = dict(self._headers)
        if len(body) > 1024:
            body = gzip.compress(body, 6, mtime=0)
            headers["Content-Encoding"] = "gzip"
        pieces: list[bytes] = []
        try:
            connection.request("POST", "/sync", body, headers)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            unpack = zlib.decompressobj(wbits=31) if answer.headers.get("Content-Encoding") == "gzip" else None
            while piece := answer.read1(65536):
                pieces.append(unpack.decompress(piece) if unpack else piece)
        except (OSError, http.client.HTTPException):
            pass  # cut: what came counts
        return client.read(pieces) if pieces else None


class Peer:
    """Server and client process of one peer."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = str(folder)
        self._server, self._client = self._node("server"), self._node("client")
        self.port = int(self.server("start")["port"])

    def _node(self, side: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["node", str(PEERS / f"{self.name}_{side}.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL, cwd=PEERS,
        )  # fmt: skip

    def server(self, do: str, **more: Any) -> dict[str, Any]:
        return self._ask(self._server, do, more)

    def client(self, do: str, **more: Any) -> dict[str, Any]:
        return self._ask(self._client, do, more)

    def _ask(self, process: subprocess.Popen[str], do: str, more: dict[str, Any]) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"do": do, "folder": self._folder, **more}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended while asked to {do}")
        said: dict[str, Any] = json.loads(line)
        if "error" in said:
            raise RuntimeError(f"{self.name} {do}: {said['error']}")
        return said

    def close(self) -> None:
        for process in (self._server, self._client):
            process.kill()
            process.wait()


def figures() -> Iterator[Figure]:
    """Ours first, then each peer over a line of its own; every step once, for the line and not the machine is slow."""
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=PEERS, check=True)
    with tempfile.TemporaryDirectory(prefix="shouwen-bench-") as name:
        folder = Path(name)
        shared = make(CASES)
        ours, floors = _ours(folder, shared)
        pouch = _pouchdb(folder)
        automerge = _automerge(folder)
    yield from _nothing(ours["nothing"], pouch["nothing"], automerge["nothing"])
    yield from _week(ours["week"], floors["week"], pouch["week"], automerge["week"])
    yield from _first(ours["first"], ours["cut"], floors["first"], pouch["first"], automerge["first"])


def _nothing(ours: Step, pouch: Step, automerge: Step | None) -> Iterator[Figure]:
    small = max(ours.up, ours.down) <= NOTHING_BYTES_MAX and ours.requests == 1
    value = f"{ours.requests} request, {ours.up} + {ours.down} bytes, {ours.seconds:.2f} s"
    yield Figure("sync-nothing", value, f"1 request, at most {NOTHING_BYTES_MAX} bytes each way", small)
    yield _faster("sync-nothing-faster", ours, pouch, automerge, 4)


def _week(ours: Step, floor: int, pouch: Step, automerge: Step | None) -> Iterator[Figure]:
    share = ours.bytes / floor
    value = f"{share:.2f} x the floor ({ours.up} + {ours.down} bytes), {ours.requests} requests, {ours.seconds:.1f} s"
    yield Figure("sync-week", value, "at most 1.5 x, at most 4 requests", share <= 1.5 and ours.requests <= 4)
    yield _faster("sync-week-faster", ours, pouch, automerge, 6)


def _first(ours: Step, cut: Step, floor: int, pouch: Step, automerge: Step | None) -> Iterator[Figure]:
    share = ours.bytes / floor
    value = f"{share:.2f} x the floor ({ours.bytes / 1e6:.2f} MB), {ours.requests} requests, {ours.seconds:.0f} s"
    yield Figure("sync-first", value, "at most 1.3 x", share <= 1.3)
    yield _faster("sync-first-faster", ours, pouch, automerge, 1)
    again = cut.bytes / ours.bytes
    value = f"{again:.2f} x the uncut bytes in {cut.requests} requests"
    yield Figure("sync-first-cut", value, "converges with at most 1.2 x", again <= 1.2)


def _faster(name: str, ours: Step, pouch: Step, automerge: Step | None, goal: float) -> Figure:
    best = min(each.seconds for each in (pouch, automerge) if each is not None)
    slow = f"{automerge.seconds:.0f} s" if automerge else f"more than {PEER_SECONDS} s"
    detail = (
        f"PouchDB {pouch.seconds:.1f} s, {pouch.bytes / 1000:.0f} KB, {pouch.requests} requests; automerge-repo {slow}"
    )
    ratio = best / ours.seconds
    return Figure(name, f"{ratio:.1f} x faster than the best peer ({detail})", f"at least {goal} x", ratio >= goal)


def _ours(folder: Path, shared: Shared) -> tuple[dict[str, Step], dict[str, int]]:
    own = Own(folder, shared)
    write_files(folder, shared, own.here)
    base = len(shared.base) * len(next(iter(shared.base.values())))
    there = {decode_act_change(raw).hash for raw in shared.week_there.values()}
    steps: dict[str, Step] = {}
    try:
        with line_to(own.city.port, RTT_MS, KBIT) as line:
            client = own.client(base)
            own.converge(client, line)  # the directory's version and the connection's warmth are not news
            steps["nothing"], came = own.converge(client, line)
            assert not came
            own.others_work()
            own.put_week(client)
            steps["week"], came = own.converge(client, line)
            assert there <= came
            steps["first"], came = own.converge(own.client(0), line)
            assert len(came) == base + len(there) + len(shared.here)
            line.cut_bytes = CUT_BYTES
            steps["cut"], came = own.converge(own.client(0), line)
            assert len(came) == base + len(there) + len(shared.here)
    finally:
        own.city.stop()
    everything = b"".join(raw for raws in shared.base.values() for raw in raws)
    weeks = (b"".join(own.here.values()), b"".join(shared.week_there.values()))
    floors = {"week": sum(len(gzip.compress(each, 9)) for each in weeks), "first": len(gzip.compress(everything, 9))}
    return steps, floors


@contextmanager
def _peer(name: str, folder: Path) -> Iterator[tuple[Peer, Line]]:
    peer = Peer(name, folder)
    try:
        with line_to(peer.port, RTT_MS, KBIT) as line:
            yield peer, line
    finally:
        peer.close()


def _pouchdb(folder: Path) -> dict[str, Step]:
    steps = {}
    with _peer("pouchdb", folder) as (peer, line):
        peer.client("sync", port=peer.port, fresh=True)
        for name in ("nothing", "week", "first"):
            if name == "week":
                peer.server("week")
                peer.client("week")
            line.reset()
            said = peer.client("sync", port=line.port, fresh=name == "first")
            assert said["documents"] == CASES
            steps[name] = Step(said["seconds"], line.up, line.down, said["requests"])
    return steps


def _automerge(folder: Path) -> dict[str, Step | None]:
    """None for a step that was not done in PEER_SECONDS."""
    steps: dict[str, Step | None] = {}
    with _peer("automerge", folder) as (peer, line):
        peer.client("load")
        for name in ("nothing", "week", "first"):
            if name == "week":
                peer.server("week")
                peer.client("week")
            expected = peer.server("heads")["heads"]
            if name == "week":
                expected = _merged(expected, folder)
            line.reset()
            said = peer.client("sync", port=line.port, expected=expected, limit=PEER_SECONDS, fresh=name == "first")
            done = Step(said["seconds"], line.up, line.down, said["messages"])
            steps[name] = done if said["converged"] else None
    return steps


def _merged(heads: dict[str, str], folder: Path) -> dict[str, str]:
    """The heads that every case must have once both sides know everything."""
    week = [json.loads(line) for line in (folder / "week.jsonl").read_text().splitlines()]
    there = {each["id"] for each in week if each["where"] == "there"}
    merged = dict(heads)
    for each in week:
        if each["where"] == "here":
            own = decode_act_change(bytes.fromhex(each["change"])).hash
            merged[each["id"]] = ",".join(sorted([heads[each["id"]], own])) if each["id"] in there else own
    return merged
