"""All knobs of one server process, with their units in the names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import URL

from server.database import read_url

_REPOSITORY = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the data lie, what a request may cost, how long things last."""

    data: Path
    database_url: str | None = None  # a PostgreSQL database; None: the embedded one in `data`
    web_dist: Path = _REPOSITORY / "web" / "dist"
    secure_cookies: bool = False  # True behind HTTPS; plain HTTP is for one machine only
    session_idle: timedelta = timedelta(days=7)
    session_life: timedelta = timedelta(days=30)
    guarded_idle: timedelta = timedelta(minutes=30)  # for people with one of the roles below
    guarded_life: timedelta = timedelta(hours=12)
    fresh_sign_in: timedelta = timedelta(minutes=15)  # for so long no further proof is asked of who opens a way in
    public_lookups_per_minute: int = 20  # by one address: a receipt's number and code are not to be guessed
    sign_ins_per_minute: int = 60  # by one address: each costs the memory and time of a password hash
    second_factor_roles: frozenset[str] = frozenset({"admin", "security", "audit"})  # who must have one
    form_bytes_max: int = 1024 * 1024
    sync_body_bytes_max: int = 4 * 1024 * 1024  # as sent; inflated the wire's own limit holds
    carried_bytes_max: int = 17 * 1024 * 1024  # a form with a file of `py_core.carry.FILE_BYTES_MAX`
    pull_page_bytes: int = 256 * 1024  # raw changes; what a cut line loses at most
    answer_bytes: int = 160 * 1024  # of pages in short, about; then the device stores them and asks again
    kept_pages_bytes: int = 32 * 1024 * 1024  # whole pages in short, kept for the next device of the unit
    quarantined_per_device_max: int = 20_000
    trial_seconds_max: float = 10.0  # as the clock runs
    trial_cpu_seconds_max: float = 1.0  # of processor time for one job of the engine, a little more for long cases
    trial_memory_bytes_max: int = 256 * 1024 * 1024
    attachment_day_bytes_max: int = 256 * 1024 * 1024  # what one person may begin to send in 24 hours
    attachment_writers_max: int = 4  # chunks taken at the same time; more are asked to come back
    attachment_unnamed_days: int = 14  # how long a content waits for an accepted act that names it
    heartbeat_seconds: float = 15.0
    similar_cases: bool = True  # follow the record with the search index (its encoder takes a second and 100 MB)
    busy_seconds: int = 20  # how long a writer waits for another one

    @property
    def database(self) -> Path | URL:
        """Where the record lies."""
        return read_url(self.database_url) if self.database_url else self.data / "record.sqlite3"

    @property
    def search_index(self) -> Path:
        return self.data / "search.sqlite3"
