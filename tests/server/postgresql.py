"""A PostgreSQL of the tests' own, from the system's binaries: no network port, thrown away at the end.

One cluster per run; each test gets a database copied from one that has been brought up to date.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from server.database import Database, read_url

_TEMPLATE = "template_city"
_QUICK = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=200"


class Cluster:
    """A running server that only this run's processes can reach."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def make(self) -> str:
        """The address of a new database with all tables and nothing in them."""
        self._made += 1
        name = f"record_{self._made}"
        self._tell(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return self.url(name)

    def drop(self, url: str) -> None:
        self._tell(f"DROP DATABASE {read_url(url).database} WITH (FORCE)")

    def prepare(self) -> None:
        self._tell(f"CREATE DATABASE {_TEMPLATE}")
        Database.open(read_url(self.url(_TEMPLATE)), 20).close()

    def _tell(self, statement: str) -> None:
        with psycopg.connect(f"host={self.folder} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute(statement.encode())


def binaries() -> Path:
    """Where initdb and pg_ctl are: the newest of Debian's folders, or wherever the path leads."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        raise RuntimeError("PostgreSQL's initdb is missing: tools/ensure-postgresql.sh installs it (make unit does)")
    return found[-1].parent if found else Path(str(on_path)).parent


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A cluster until the block ends. PostgreSQL refuses to run as root: then it runs as `postgres` or `nobody`."""
    user = _other_user() if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="shouwen-pg-"))
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    data, tools = folder / "data", binaries()

    def run(*command: str | Path) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_user)

    try:
        run(tools / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        options = f"-k {folder} -c listen_addresses='' {_QUICK}"
        run(tools / "pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", "start")
        try:
            cluster = Cluster(folder)
            cluster.prepare()
            yield cluster
        finally:
            run(tools / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _other_user() -> pwd.struct_passwd:
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]
