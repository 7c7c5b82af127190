"""What is written stays, and whatever is wrong with a file is said in one message."""

from __future__ import annotations

import csv
import errno
import io
import os
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from postgresql_server import Server

from fenas_lang.diagnostics import FenError
from fenas_lang.search.export import csv_text, parquet_bytes
from fenas_lang.search.status import status
from fenas_lang.search.store import Store
from fenas_lang.search.study import result_of, resume
from fenas_lang.search.trial import FINAL, SEARCH, Measured, Rejection, Trial


def trial(number: int, phase: str = SEARCH, log: str = "") -> Trial:
    measured = Measured(1 / 3, -1 / 3, "", log, {"metrics": {"loss": 0.1}}, 1.5, 2.5, "host", 7)
    return Trial(number, phase, (0, 2), f"cell A_{number}", "an edit", 99, "scored", measured)


def code(error: pytest.ExceptionInfo[FenError]) -> str:
    (diagnostic,) = error.value.diagnostics
    return diagnostic.code


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.db"


@pytest.fixture(params=["file", "postgresql"])
def place(request: pytest.FixtureRequest, path: Path) -> str:
    """A place for a store: a file, or a database of a server."""
    if request.param == "file":
        return str(path)
    server: Server = request.getfixturevalue("postgresql")
    return server.new()


def test_trials_come_back_as_they_were_in_the_order_of_writing(place: str) -> None:
    odd = "Üñí, \\ud800, \t'\" 語"
    written = [trial(3), trial(1, FINAL), trial(0, log=odd)]
    with Store.create(place, {"settings": {"a": [1]}}) as store:
        for one in written:
            store.add(one)
        store.add(None, [Rejection(4, 0, (1,), "cell", "edit", "key", "why")])
    with Store.open(place) as store:
        assert store.trials() == written
        assert store.trials(FINAL) == written[1:2]
        assert store.meta()["settings"] == {"a": [1]}
        assert store.rejected() == 1


def test_a_closed_store_is_one_file(path: Path) -> None:
    with Store.create(path, {}) as store:
        store.add(trial(0))
    assert [file.name for file in path.parent.iterdir()] == ["run.db"]


def test_a_second_trial_of_a_number_is_refused(place: str) -> None:
    with Store.create(place, {}) as store:
        store.add(trial(0))
        with pytest.raises(FenError):
            store.add(trial(0), [Rejection(0, 0, (), "cell", "edit", "key", "why")])
        assert store.rejected() == 0
        assert len(store.trials()) == 1


def test_an_existing_store_is_not_overwritten(place: str) -> None:
    with Store.create(place, {}) as store:
        store.add(trial(0))
    with pytest.raises(FenError, match=r"FEN5(00|19).*fenasc resume"):
        Store.create(place, {})
    with Store.open(place) as store:
        assert len(store.trials()) == 1


def test_force_keeps_the_old_store(path: Path) -> None:
    with Store.create(path, {"settings": "old"}) as store:
        store.add(trial(0))
    with Store.create(path, {"settings": "new"}, force=True) as store:
        assert store.trials() == []
    with Store.open(path.with_name("run.db.bak")) as old:
        assert old.meta()["settings"] == "old"
        assert len(old.trials()) == 1


def test_every_old_store_is_kept(path: Path) -> None:
    names = ("run.db.bak", "run.db.bak2", "run.db.bak3")
    for version in range(len(names) + 1):
        Store.create(path, {"settings": version}, force=True).close()
    for version, name in enumerate(names):
        with Store.open(path.with_name(name)) as old:
            assert old.meta()["settings"] == version


def test_reading_leaves_nothing_beside_the_store(path: Path) -> None:
    with Store.create(path, {}) as store:
        store.add(trial(0))
    with Store.open(path) as reader:
        assert len(reader.trials()) == 1
        with pytest.raises(FenError):
            reader.add(trial(1))
    assert list(path.parent.iterdir()) == [path]


def test_a_reader_that_ends_leaves_the_writer_its_log(path: Path) -> None:
    with Store.create(path, {}) as store:
        store.add(trial(0))
        with Store.open(path):
            pass
        store.add(trial(1))
        with Store.open(path) as reader:
            assert len(reader.trials()) == 2


def test_what_a_search_goes_on_with_is_what_was_stored(path: Path) -> None:
    one, rungs = trial(0), {"steps": 3, "rungs": [{"epochs": 1, "score": 0.5}]}
    with Store.create(path, {}) as store:
        for number, facts in enumerate(({}, {"steps": 3}, rungs)):
            told = replace(one.measured, facts=facts)
            store.add(replace(one, number=number, measured=told, parents=(0,) * number))
        for found, whole in zip(store.recalled(one.phase), store.trials(), strict=True):
            assert (found.number, found.parents) == (whole.number, whole.parents)
            assert (found.source, found.key, found.draws) == (whole.source, whole.key, whole.draws)
            assert (found.outcome, found.score) == (whole.outcome, whole.score)
            assert found.metric == whole.metric
            reached = whole.measured.facts.get("rungs")
            assert found.measured.facts.get("rungs") == reached


def test_the_best_have_different_keys_and_the_earliest_of_equals_is_first(place: str) -> None:
    keys, scores = "aabbcd", (1.0, 2.0, 3.0, 3.0, None, 2.0)
    with Store.create(place, {}) as store:
        for number in (3, 1, 5, 0, 4, 2):
            score = scores[number]
            measured = Measured(score, score, reason="" if score else "not finite")
            store.add(replace(trial(number), key=keys[number], measured=measured))
        assert [t.number for t in store.best("search", 9)] == [2, 1, 5]
        assert [t.number for t in store.best("search", 1)] == [2]
        assert store.best("search", 0) == store.best("final", 1) == []
        assert [t.number for t in store.beginning("search", 3)] == [0, 1, 2]


def test_a_line_begins_with_the_first_ancestor(place: str) -> None:
    with Store.create(place, {}) as store:
        for number, parents in enumerate([(), (), (1,), (0, 1), (2, 3)]):
            store.add(replace(trial(number), parents=parents))
        assert [t.number for t in store.line("search", 4)] == [1, 2, 4]
        assert store.line("search", 4) == [store.trials()[number] for number in (1, 2, 4)]


def test_any_other_file_is_not_overwritten_either(path: Path) -> None:
    path.write_text("cell A(x, h) -> a {")
    with pytest.raises(FenError) as error:
        Store.create(path, {})
    assert code(error) == "FEN500"
    assert path.read_text() == "cell A(x, h) -> a {"


def test_a_missing_store(place: str) -> None:
    for write in (False, True):
        with pytest.raises(FenError) as error:
            Store.open(place, write=write)
        assert code(error) == "FEN501"


def make_text(path: Path) -> None:
    path.write_text("no database " * 1000)


def make_other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (title)")
    connection.close()


def make_cut_off(path: Path) -> None:
    with Store.create(path, {}) as store:
        for number in range(200):
            store.add(trial(number, log="x" * 500))
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("make", [make_text, make_other_database, make_cut_off])
@pytest.mark.parametrize("write", [False, True])
def test_a_file_that_is_no_store(path: Path, make: object, write: bool) -> None:
    make(path)  # type: ignore[operator]
    with pytest.raises(FenError) as error, Store.open(path, write=write) as store:
        store.trials()
    assert code(error) == "FEN502"
    assert not path.with_name("run.db.lock").exists()


def test_a_newer_store_is_refused_and_left_alone(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.create(place, {}) as store:
        store.add(trial(0))
        store.note("format", 2)
        store.note("version", "9.9")
        before = store.meta(), store.trials()
    for write in (False, True):
        with pytest.raises(FenError, match=r"format 2.*9\.9") as error:
            Store.open(place, write=write)
        assert code(error) == "FEN503"
    monkeypatch.setattr("fenas_lang.search.store.FORMAT", 2)
    with Store.open(place) as store:
        assert (store.meta(), store.trials()) == before


def test_one_writer_at_a_time_and_readers_beside_it(place: str) -> None:
    with Store.create(place, {}) as store:
        store.add(trial(0))
        with pytest.raises(FenError, match=str(os.getpid())) as error:
            Store.open(place, write=True)
        assert code(error) == "FEN504"
        with Store.open(place) as reader:
            assert len(reader.trials()) == 1
            store.add(trial(1))
            assert len(reader.trials()) == 2
    Store.open(place, write=True).close()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FenError) as error:
        Store.create(tmp_path / "missing" / "run.db", {})
    assert code(error) == "FEN505"


def test_a_full_disk_loses_nothing(path: Path) -> None:
    with Store.create(path, {}) as store:
        store.add(trial(0))
        pages = _pragma(store, "PRAGMA page_count")
        _pragma(store, f"PRAGMA max_page_count = {pages + 3}")
        with pytest.raises(FenError, match="fenasc resume") as error:
            for number in range(1, 100):
                store.add(trial(number, log="x" * 5000))
                kept = number
        assert code(error) == "FEN506"
    with Store.open(path) as store:
        assert [t.number for t in store.trials()] == list(range(kept + 1))


def _pragma(store: Store, text: str) -> int:
    with store._engine.connect() as connection:
        return int(connection.execute(sa.text(text)).scalar_one())


def test_a_disk_that_is_full_at_the_beginning_leaves_no_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(store: Store, meta: object) -> None:
        path.write_bytes(b"half a page")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Store, "_write_tables", full)
    with pytest.raises(OSError, match="No space"):
        Store.create(path, {})
    assert list(path.parent.iterdir()) == []


def test_a_database_that_cannot_be_reached() -> None:
    with pytest.raises(FenError) as error:
        Store.open("nonsense://host/run")
    assert code(error) == "FEN502"


def test_any_database_url(path: Path) -> None:
    url = f"sqlite:///{path}?timeout=10"
    with Store.create(url, {"settings": 1}) as store:
        store.add(trial(0))
    with pytest.raises(FenError) as error:
        Store.create(url, {})
    assert code(error) == "FEN519"
    with Store.open(url) as store:
        assert len(store.trials()) == 1


def test_export_has_a_line_a_trial(path: Path) -> None:
    with Store.create(path, {}) as store:
        store.add(trial(0, log='quotes " and\nlines'))
        store.add(trial(1))
    header, *lines = csv_text(str(path)).splitlines()
    assert header.startswith("name,phase,number,parents,source,edit,seed,outcome,metric,metric_hex")
    assert len(lines) == 3
    assert lines[0].startswith('A_0,search,0,"[0, 2]",cell A_0,an edit,99,scored,-0.333333')


def test_export_as_parquet_has_types_and_the_same_rows(path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    with Store.create(path, {}) as store:
        store.add(trial(1))
        store.add(replace(trial(0), copy_of=1, measured=Measured(reason="not finite")))
    table = pq.read_table(io.BytesIO(parquet_bytes(str(path))))
    rows = list(csv.DictReader(io.StringIO(csv_text(str(path)))))
    assert table.column_names == list(rows[0])
    for row, text in zip(table.to_pylist(), rows, strict=True):
        assert {k: "" if v is None else str(v) for k, v in row.items()} == text
    kinds = {name: str(table.schema.field(name).type) for name in table.column_names}
    assert (kinds["number"], kinds["copy_of"], kinds["metric"]) == ("int64", "int64", "double")
    assert (kinds["source"], kinds["parents"]) == ("string", "string")
    assert table["metric"].to_pylist() == [-1 / 3, None]


def test_parquet_without_its_package_is_a_message(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store.create(path, {}).close()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(FenError, match=r"fenas-lang\[parquet\]") as refused:
        parquet_bytes(str(path))
    assert code(refused) == "FEN517"


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_or_device_is_no_place_for_a_store(tmp_path: Path, force: bool) -> None:
    for place in (tmp_path, Path(""), Path(os.devnull)):
        with pytest.raises(FenError) as refused:
            Store.create(place, {}, force=force)
        assert code(refused) == "FEN505"
    assert tmp_path.is_dir() and not list(tmp_path.iterdir())


def test_the_url_of_a_file_is_that_file(path: Path) -> None:
    url = f"sqlite:///{path}"
    with Store.create(url, {}), pytest.raises(FenError) as busy:
        Store.open(path, write=True)
    assert code(busy) == "FEN504"
    with pytest.raises(FenError) as missing:
        Store.open(f"{url}.other")
    assert code(missing) == "FEN501" and list(path.parent.iterdir()) == [path]


def test_no_room_for_the_name_of_the_writer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    Store.create(path, {}).close()
    assert list(path.parent.iterdir()) == [path]


def test_reading_in_a_folder_that_cannot_be_written_needs_no_file_beside(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.create(path, {}) as store:
        store.add(trial(0))
    monkeypatch.setattr(os, "access", lambda *_: False)
    with Store.open(path) as store:
        assert len(store.trials()) == 1
        assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_run_in_memory_is_refused(url: str) -> None:
    with pytest.raises(FenError) as refused:
        Store.create(url, {})
    assert code(refused) == "FEN505"


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(FenError) as refused:
        Store.open("postgresql+psycopg://localhost/runs")
    assert code(refused) == "FEN512" and "`psycopg`" in str(refused.value)
    assert "pip install 'fenas-lang[postgresql]'" in str(refused.value)


@pytest.mark.parametrize("settings", [None, {"a": 1}, {"seeds": [], "colour": "red"}])
def test_settings_that_cannot_be_read_are_a_message(path: Path, settings: object) -> None:
    Store.create(path, {"settings": settings, "task": {}}).close()
    for read in (status, resume, result_of):
        with pytest.raises(FenError) as refused:
            read(path)
        assert code(refused) == "FEN502"
