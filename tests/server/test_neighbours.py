"""Two server processes over one PostgreSQL: what one takes, the other's waiting devices hear of at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from laptop import Laptop, SeededEntropy, StandingClock, case_id, city_document, registered
from postgresql import Cluster

from server.engine import EngineOutside
from server.neighbours import CHANNEL
from server.parts import Parts, assemble
from server.settings import Settings

_SECONDS = 20


@pytest.fixture
def two(tmp_path: Path, clock: StandingClock, engine: EngineOutside, cluster: Cluster) -> Iterator[tuple[Parts, Parts]]:
    """Both have the record's keys, as machines of one city must."""
    url = cluster.make()
    settings = Settings(tmp_path / "data", database_url=url, similar_cases=False)
    first = assemble(settings, clock, SeededEntropy("first"), engine)
    first.city.publish(city_document())
    second = assemble(settings, clock, SeededEntropy("second"), engine)
    yield first, second
    first.close()
    second.close()
    cluster.drop(url)


def test_the_other_process_hears_and_has_it(two: tuple[Parts, Parts]) -> None:
    first, second = two
    heard = threading.Event()
    assert second.neighbours is not None
    second.neighbours.start()
    assert second.neighbours.listening.wait(_SECONDS)
    second.bell.subscribe(heard.set)
    lin = Laptop(first, "lin")
    lin.sync(lin.act(case_id(1), registered()))
    assert heard.wait(_SECONDS)
    assert case_id(1) in second.casebook.current()


def test_both_take_acts_and_count_on(two: tuple[Parts, Parts]) -> None:
    first, second = two
    lin, zhao = Laptop(first, "lin"), Laptop(second, "zhao")
    verdicts = []
    for n in range(3):
        verdicts += lin.sync(lin.act(case_id(10 + n), registered()))[0]
        verdicts += zhao.sync(zhao.act(case_id(20 + n), registered()))[0]
    assert [(each.verdict, each.log_index) for each in verdicts] == [("accepted", n) for n in range(6)]


def test_a_cut_line_is_made_anew(two: tuple[Parts, Parts], cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.neighbours._RETRY_SECONDS", 0.05)
    _, second = two
    assert second.neighbours is not None
    second.neighbours.start()
    assert second.neighbours.listening.wait(_SECONDS)
    rung = threading.Event()
    second.bell.subscribe(rung.set)
    with psycopg.connect(f"host={cluster.folder} user=postgres dbname=postgres", autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = %s", [f"LISTEN {CHANNEL}"]
        ).fetchall()
    assert (True,) in ended
    assert rung.wait(_SECONDS), "it rings when it listens again: something may have been missed"
