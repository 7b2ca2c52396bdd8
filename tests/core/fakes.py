"""A small city in memory for the desk's tests: a store that takes the acts of a response as a host would."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone

from py_core.calendars import WorkCalendar, national
from py_core.cases.acts import RecordedAct, read_act
from py_core.city import CITY_ID
from py_core.desk import respond
from py_core.desk.ports import (
    AttachmentState,
    CaseRecord,
    Identity,
    NewAct,
    Request,
    Response,
    Similar,
    Surroundings,
    SyncStatus,
)
from py_core.directory import Directory, Offer, Person, Unit
from py_core.documents import is_case_id
from py_core.left import Left
from py_core.packs import Packs, load_packs
from py_core.reporters import is_reporter_id, reporter_id
from py_core.visits import is_visit_id

BEIJING = timezone(timedelta(hours=8))
# A Wednesday before the New Year holiday: 10 working days later is 2026-01-08 (JY-73).
NOW = datetime(2025, 12, 24, 10, 0, tzinfo=BEIJING)

DIRECTORY = Directory(
    version=3,
    city_zh="澄江市",
    city_en="Chengjiang",
    units={
        unit.id: unit
        for unit in (
            Unit("xingqiao", "星桥镇", "Xingqiao Town", "town", "0510-86010001", "0510-86010009"),
            Unit("shuiwu", "水务局", "Water Bureau", "bureau", "0510-86020001", "0510-86020009"),
            Unit("centre", "政务服务中心", "Service Centre", "centre", "0510-12345", "0510-86000009"),
        )
    },
    people={
        person.id: person
        for person in (
            Person("lin", "林晓梅", "xingqiao", "便民服务中心窗口", "0510-86010011", ("officer",)),
            Person("zhou", "周建国", "xingqiao", "镇综合执法科员", "0510-86010012", ("officer",)),
            Person("head", "吴镇长", "xingqiao", "镇长", "0510-86010010", ("unit_head",)),
            Person("wang", "王海", "shuiwu", "管网科科员", "0510-86020011", ("officer",)),
            Person("gong", "龚师傅", "xingqiao", "后勤", "0510-86010019", ("officer",), "support"),
            Person("nophone", "钱多", "xingqiao", "窗口", "", ("officer",)),
            Person("chen", "陈裁", "centre", "核对员", "0510-86000011", ("reconciler", "dispatch_desk")),
        )
    },
    offers={
        offer.id: offer
        for offer in (
            Offer(
                "temp-water", "JY", "service", "临时用水许可", "Temporary water permit", ("xingqiao", "shuiwu"), 2,
                date(2025, 1, 1), {"n": 10, "unit": "workday"}, {"n": 20, "unit": "workday", "extension": 10},
                "decision_issued", ("申请表", "身份证复印件", "用地证明"), "《城镇供水条例》第十二条", "不收费",
            ),
            Offer(
                "future", "JY", "service", "明年的事项", "Next year's service", (), 1, date(2027, 1, 1),
                {"n": 3, "unit": "workday"},
            ),
        )
    },
    public_url="https://shouwen.example",
)  # fmt: skip


class FakeStore:
    """Keeps acts as a host does; `hear` merges another store's acts as sync would."""

    def __init__(self, directory: Directory = DIRECTORY) -> None:
        self.acts: dict[str, list[RecordedAct]] = {}
        self._records: dict[str, CaseRecord] = {}
        self._directory = directory
        self.status = SyncStatus(online=True, waiting=0, last_contact_at=None)
        self.contents: dict[str, AttachmentState] = {}
        self.likeness: Mapping[str, Sequence[Similar]] | None = {}

    def case(self, case_id: str) -> CaseRecord | None:
        return self._document(case_id) if is_case_id(case_id) else None

    def _document(self, case_id: str) -> CaseRecord | None:
        found = self.acts.get(case_id)
        if not found:
            return None
        kept = self._records.get(case_id)
        if kept is None or kept.acts != tuple(found):
            kept = self._records[case_id] = CaseRecord(case_id, tuple(found))
        return kept

    def cases(self) -> Iterable[CaseRecord]:
        return [record for case_id in self.acts if (record := self.case(case_id))]

    def cases_mark(self) -> object | None:
        return None

    def city(self) -> CaseRecord | None:
        return self._document(CITY_ID)

    def visit(self, visit_id: str) -> CaseRecord | None:
        return self._document(visit_id) if is_visit_id(visit_id) else None

    def visits(self) -> Iterable[CaseRecord]:
        return [record for visit_id in self.acts if (record := self.visit(visit_id))]

    def reporter(self, case_id: str) -> CaseRecord | None:
        return self._document(reporter_id(case_id))

    def reporters(self) -> Iterable[CaseRecord]:
        return [record for each in self.acts if is_reporter_id(each) and (record := self._document(each)) is not None]

    def left(self) -> Mapping[str, Left]:
        return {}

    def recomputing(self) -> tuple[int, int] | None:
        return None

    def directory(self) -> Directory:
        return self._directory

    def calendar(self) -> WorkCalendar:
        return national()

    def packs(self) -> Packs:
        return load_packs()

    def sync_status(self) -> SyncStatus:
        return self.status

    def attachment_state(self, sha256: str) -> AttachmentState:
        return self.contents.get(sha256, "elsewhere")

    def centre(self) -> None:
        return None

    def similar(self, case_id: str) -> Sequence[Similar] | None:
        return None if self.likeness is None else self.likeness.get(case_id, ())

    def record(self, new: NewAct, received_at: datetime | None = None) -> RecordedAct:
        """Appends an act that has seen everything here, as one Automerge change would."""
        before = self.acts.setdefault(new.case_id, [])
        covered = {dep for act in before for dep in act.deps}
        deps = tuple(sorted(act.hash for act in before if act.hash not in covered))
        digest = hashlib.sha256("".join((new.case_id, *deps, new.text)).encode()).hexdigest()
        recorded = RecordedAct(digest, deps, read_act(new.text), received_at, len(before) if received_at else None)
        before.append(recorded)
        return recorded

    def hear(self, other: FakeStore, received_at: datetime) -> None:
        """Takes over acts of another store that are not here, with their arrival in the record."""
        for case_id, acts in other.acts.items():
            mine = self.acts.setdefault(case_id, [])
            known = {act.hash for act in mine}
            mine.extend(
                RecordedAct(act.hash, act.deps, act.act, received_at, 1) for act in acts if act.hash not in known
            )


class Desk:
    """One person at one device, with a clock that the test turns."""

    def __init__(
        self,
        user: str = "lin",
        *,
        store: FakeStore | None = None,
        where: str = "device",
        now: datetime = NOW,
        lang: str = "zh-CN",
        code: str = "K7Q",
    ) -> None:
        self.store = store or FakeStore()
        self.identity = Identity(user, f"device-{user}-{code}", code)
        self.where = where
        self.now = now
        self.lang = lang
        self.beacon_time: datetime | None = None
        self.seq = 1
        self._ids = 0

    def get(self, path: str, lang: str | None = None, **query: str) -> Response:
        return self.answer(Request("GET", path, {key: [text] for key, text in query.items()}, {}, lang or self.lang))

    def post(self, path: str, **form: str | list[str]) -> Response:
        """Sends a form and records its acts, as a host does before it shows the answer."""
        values = {key: [value] if isinstance(value, str) else value for key, value in form.items()}
        response = self.answer(Request("POST", path, {}, values, self.lang))
        for new in response.acts:
            self.store.record(new, self.now if self.where == "server" else None)
            self.seq += 1
        return response

    def new_id(self) -> str:
        self._ids += 1
        return hashlib.sha256(f"{self.identity.device}-{self._ids}".encode()).hexdigest()[:32]

    def answer(self, request: Request) -> Response:
        """What the desk answers; nothing is recorded."""
        since = int((self.now - self.beacon_time).total_seconds() * 1000) if self.beacon_time else None
        around = Surroundings(
            now=self.now,
            new_id=self.new_id,
            next_device_seq=self.seq,
            app_version="0.1.0",
            beacon="beacon-1" if self.beacon_time else None,
            beacon_time=self.beacon_time,
            since_beacon_ms=since,
            where=self.where,
        )
        return respond(request, self.store, self.identity, around)


def service_form(key: str = "0" * 31 + "1", **changes: str) -> dict[str, str]:
    """A complete walk-in registration of the service matter."""
    form = {
        "key": key, "offer": "offer:temp-water", "claimant": "person", "claimant_name": "赵六",
        "claimant_phone": "13812345678", "claimant_id": "360426199101010071", "channel": "walk_in",
        "title": "工地临时用水", "text": "工地三个月临时用水", "place": "星桥镇中心路", "complete": "yes",
        "paper-offer:temp-water-0": "y", "copies-offer:temp-water-0": "1", "paper-offer:temp-water-1": "y",
        "copies-offer:temp-water-1": "2", "paper-offer:temp-water-2": "y", "copies-offer:temp-water-2": "1",
        "signed": "yes", "identity_told": "yes", "outcome": "accept",
    }  # fmt: skip
    return {**form, **changes}


def appeal_form(key: str = "0" * 31 + "2", **changes: str) -> dict[str, str]:
    """A complete walk-in registration of a citizen's appeal."""
    form = {
        "key": key, "offer": "appeal:citizen", "claimant": "person", "claimant_name": "孙七",
        "claimant_phone": "0510-86110022", "channel": "walk_in", "request_kind": "complaint",
        "title": "夜间施工噪声", "text": "隔壁工地夜里十一点还在施工", "place": "星桥镇北街 8 号", "identity_told": "yes", "outcome": "accept",
    }  # fmt: skip
    return {**form, **changes}
