"""NAS-Bench-NLP as a pool: which recipes are members, with which runs, and who is near."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import made_up_pool
import pytest

from fenas_lang import pools
from fenas_lang.check.check import check_text
from fenas_lang.diagnostics import FenError
from fenas_lang.pools import Pool
from fenas_lang.pools._distance import distance

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_up_pool.write(tmp_path_factory.mktemp("data") / "pool")


@pytest.fixture(scope="module")
def pool(folder: Path) -> Pool:
    return pools.pool("nas_bench_nlp", folder)


def named(pool: Pool, number: int) -> pools.Member | None:
    return next((m for m in pool.members if m.cell.name == f"Recipe{number}"), None)


def test_equal_recipes_are_one_member_with_the_runs_of_both(pool: Pool) -> None:
    first, twin = named(pool, 0), named(pool, 18)
    assert twin is None and first is not None
    assert first.runs.losses == (4.0, 4.0, made_up_pool.loss(18), made_up_pool.loss(18))


def test_diverged_runs_are_counted_and_recipes_without_a_run_left_out(pool: Pool) -> None:
    one, both = named(pool, 1), named(pool, 2)
    assert one is not None and both is not None
    assert (one.runs.mean, one.runs.failed) == (4.1, 1)
    assert (both.runs.mean, both.runs.failed) == (None, 2)
    assert named(pool, 3) is None


def test_members_are_legal_cells_of_the_space(pool: Pool) -> None:
    assert pool.space == pools.space("nas_bench_nlp") == "nas_bench_nlp"
    assert all(check_text(str(member.cell)) == [] for member in pool.members)
    assert pools.space("digits") is None


@pytest.mark.parametrize("count", [1, 5, 100])
def test_neighbours_are_the_nearest_others(pool: Pool, count: int) -> None:
    for member in pool.members:
        found = pool.neighbours(member.key, member.dataflow, count)
        apart = sorted(
            distance(member.dataflow, other.dataflow) for other in pool.members if other != member
        )
        assert [d for _, d in found] == pytest.approx(apart[:count])
        assert member.key not in {other.key for other, _ in found}


def test_a_folder_without_the_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(FenError, match=r"FEN430.*ptb_runs"):
        pools.pool("nas_bench_nlp", tmp_path)


@pytest.mark.parametrize("text", [b"no gzip", gzip.compress(b"arch\nx,y\n", mtime=0), b""])
def test_damaged_files_are_named(folder: Path, tmp_path: Path, text: bytes) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "architectures.jsonl.gz").write_bytes(text)
    with pytest.raises(FenError, match="FEN431"):
        pools.pool("nas_bench_nlp", tmp_path)


@pytest.mark.slow
def test_the_published_list() -> None:
    folder = Path(os.environ.get("FENAS_DATA", BESIDE)) / "nas-bench-nlp"
    if not folder.is_dir():
        pytest.skip("no NAS-Bench-NLP: set FENAS_DATA to a directory that has it")
    pool = pools.pool("nas_bench_nlp", folder)
    assert len(pool.members) == 2892
    assert sum(member.runs.mean is None for member in pool.members) == 597
