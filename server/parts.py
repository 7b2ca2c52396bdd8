"""The server's one composition root: builds every part from settings, a clock, randomness and an engine.

The web application, the demonstration and a simulation all start here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import URL, Connection

from py_core.calendars import WorkCalendar, national
from py_core.packs import Packs, load_packs
from server import lineage
from server.accounts import Accounts
from server.attachments import Attachments
from server.calendar_feeds import CalendarFeeds
from server.carry_import import CarryImport
from server.carry_keys import CarryKeys
from server.casebook import CaseBook
from server.centre_view import CentreDecisions
from server.checkpoints import Checkpoints
from server.city import City
from server.core_events import read_event
from server.database import Database
from server.engine import CaseEngine, EngineOutside
from server.evidence import EvidenceMaker
from server.exchange import Exchange
from server.gate import Gate
from server.guarded import limits_of
from server.keys import SigningKey
from server.log_tree import grow
from server.neighbours import Neighbours
from server.outside import Clock, Entropy, to_ms
from server.own_device import OwnDevice
from server.passkeys import Passkeys
from server.people import People
from server.receipts import Receipts
from server.recomputation import Recomputation
from server.record_keys import RecordKeys, open_keys
from server.registry import catch_up
from server.second_factor import SecondFactors
from server.sessions import Limits, Sessions
from server.settings import Settings
from server.similar import SimilarIndex
from server.tools import Tools
from server.unerased import ErasingAgain
from server.wake import Bell


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that one server process is made of."""

    settings: Settings
    clock: Clock
    entropy: Entropy
    database: Database
    city: City
    accounts: Accounts
    sessions: Sessions
    second_factors: SecondFactors
    passkeys: Passkeys
    keys: RecordKeys
    calendar_feeds: CalendarFeeds
    people: People
    receipts: Receipts
    checkpoints: Checkpoints
    evidence: EvidenceMaker
    engine: CaseEngine
    gate: Gate
    bell: Bell
    neighbours: Neighbours | None
    own_device: OwnDevice
    exchange: Exchange
    attachments: Attachments
    decisions: CentreDecisions
    carry_keys: CarryKeys
    carry_import: CarryImport
    casebook: CaseBook
    similar: SimilarIndex
    tools: Tools
    recomputation: Recomputation
    erasing_again: ErasingAgain
    calendar: WorkCalendar
    packs: Packs

    def close(self) -> None:
        """Ends threads and processes, closes files."""
        if self.neighbours is not None:
            self.neighbours.close()
        self.bell.close()
        self.recomputation.close()
        self.checkpoints.close()
        self.erasing_again.close()
        self.similar.close()
        self.engine.close()
        self.database.close()


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Somebody of the demonstration city who can sign in; `role_zh` and `role_en` say what to try with it."""

    user: str
    password: str
    name: str
    role_zh: str
    role_en: str
    secret: str = ""  # of the second factor, base32


def assemble(settings: Settings, clock: Clock, entropy: Entropy, engine: CaseEngine | None = None) -> Parts:
    """Opens (or creates) the record in `settings.data` and builds everything around it."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    where = settings.database
    database = Database.open(where, settings.busy_seconds)
    with database.writing() as connection:
        now_ms = to_ms(clock.now())
        keys = open_keys(connection, settings.data, entropy, now_ms)
        lineage.begin_first(connection, entropy, now_ms)
        grow(connection)
        catch_up(connection, now_ms)
    receipts = Receipts(keys.current, keys.retired)
    device_key = SigningKey.kept_in(settings.data / "device.key", entropy)
    engine = engine or EngineOutside(
        settings.trial_seconds_max, settings.trial_memory_bytes_max, settings.trial_cpu_seconds_max
    )
    bell = Bell()
    city = City(database, clock)
    calendar, packs = national(), load_packs()
    checkpoints = Checkpoints(database, clock, keys)
    gate = Gate(engine, receipts, read_event, packs)
    casebook = CaseBook(database)
    own_device = OwnDevice(database, clock, entropy, device_key, engine, gate, city, bell)
    exchange = Exchange(settings, clock, database, city, gate, receipts, bell)
    carry_keys = CarryKeys(keys.current, keys.retired)
    accounts = Accounts(database, clock, entropy, device_key)

    def session_limits(connection: Connection, user: str) -> Limits:
        return limits_of(settings, city.current_in(connection).directory, user, clock.now())

    sessions = Sessions(database, clock, entropy, session_limits, settings.session_life)
    second_factors = SecondFactors(database, clock, entropy, device_key)
    passkeys = Passkeys(database, clock, entropy, device_key)
    return Parts(
        settings=settings,
        clock=clock,
        entropy=entropy,
        database=database,
        city=city,
        accounts=accounts,
        sessions=sessions,
        second_factors=second_factors,
        passkeys=passkeys,
        keys=keys,
        calendar_feeds=CalendarFeeds(database, clock, entropy),
        people=People(database, clock, entropy, city, accounts, sessions, second_factors, passkeys),
        receipts=receipts,
        checkpoints=checkpoints,
        evidence=EvidenceMaker(database, clock, city, keys, receipts, checkpoints, packs, calendar),
        engine=engine,
        gate=gate,
        bell=bell,
        neighbours=Neighbours(where, bell.ring) if isinstance(where, URL) else None,
        own_device=own_device,
        attachments=Attachments(settings, clock, database),
        decisions=CentreDecisions(database, clock, city, gate, bell),
        exchange=exchange,
        carry_keys=carry_keys,
        carry_import=CarryImport(clock, database, city, exchange, carry_keys, receipts),
        casebook=casebook,
        tools=Tools(database, clock, entropy, city, device_key, receipts.key),
        similar=SimilarIndex(settings.search_index, casebook),
        recomputation=Recomputation(database, clock, casebook, own_device, city, calendar, packs),
        erasing_again=ErasingAgain(clock),
        calendar=calendar,
        packs=packs,
    )
