"""What may go wrong with a run: said in words, and the checkpoints stay as they were."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from made_up_tasks import SMALL
from test_training_runs import Stop, rows, written

from fenas_lang import runs
from fenas_lang.diagnostics import FenError
from fenas_lang.lock import FileLock
from fenas_lang.runs.directory import Directory

pytest.importorskip("sklearn")
HERE = Path(__file__).parent
FAULTY = {**SMALL["digits"], "epochs": 4}


def train(place: Path, cell: str = "RNN", task: str = "digits", **more: Any) -> runs.Result:
    settings = more.pop("settings", SMALL["digits"])
    return runs.train(cell, task, place, settings=settings, **more)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("finished") / "run"
    train(place)
    return place


@pytest.fixture
def broken(finished: Path, tmp_path: Path) -> Path:
    """A run that was interrupted after its last epoch."""
    place = tmp_path / "run"
    shutil.copytree(finished, place)
    (place / "result.json").unlink()
    return place


def contents(place: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in place.iterdir()}


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("Faulty", "not finite: the training loss is nan"),
        ("Greedy", "out of memory: "),
    ],
)
def test_a_training_that_fails_keeps_its_checkpoint(task: str, said: str, tmp_path: Path) -> None:
    place = tmp_path / "run"
    result = train(place, task=f"made_up_tasks:{task}", settings=FAULTY)
    assert result.failure is not None and result.failure.startswith(said)
    assert written(place, "result.json")["failure"] == result.failure
    assert result.epochs == 2 and len(rows(place)) == 2 and result.test is None
    assert result.best is not None and runs.evaluate(place).metrics == result.valid
    # A new process counts its epochs anew, so that this time the fault does not come.
    again = runs.resume(place)
    assert again.failure is None and again.epochs == 4


def test_a_run_is_not_overwritten(finished: Path, broken: Path, tmp_path: Path) -> None:
    before = contents(broken)
    with pytest.raises(FenError, match=r"FEN460.*fenasc eval .*measures it.*--force"):
        train(finished)
    with pytest.raises(FenError, match=r"FEN460.*fenasc train --resume .*goes on with it"):
        train(broken)
    assert contents(broken) == before
    for backup in ("run.bak", "run.bak2"):
        train(broken, force=True)
        assert (tmp_path / backup / "last.pt").is_file()
    assert contents(tmp_path / "run.bak") == before


def test_what_is_no_run_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("everything")
    for force in (False, True):
        with pytest.raises(FenError, match="FEN468"):
            train(tmp_path, force=force)
        with pytest.raises(FenError, match="FEN468"):
            train(tmp_path / "thesis.tex", force=force)
    assert contents(tmp_path) == {"thesis.tex": b"everything"}
    (tmp_path / "empty").mkdir()
    assert train(tmp_path / "empty").failure is None


@pytest.mark.parametrize("call", [runs.resume, runs.evaluate, runs.predict])
def test_no_run_there(call: Callable[[Path], Any], tmp_path: Path) -> None:
    with pytest.raises(FenError, match=r"FEN461.*no such directory"):
        call(tmp_path / "nowhere")
    with pytest.raises(FenError, match=r"FEN461.*no run.json"):
        call(tmp_path)


class Evil:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("evil",)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garbage(path: Path) -> None:
    path.write_bytes(b"\0\xff" * 100)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def evil(path: Path) -> None:
    torch.save({"version": 1, "model": Evil()}, path)


def plain_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(Evil()))


def another_version(path: Path) -> None:
    if path.suffix == ".json":
        path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 9}))
    else:
        torch.save({"version": 9}, path)


def lacking(path: Path) -> None:
    if path.suffix == ".json":
        path.write_text('{"version": 1}')
    else:
        torch.save({"version": 1, "model": {}}, path)


def a_list(path: Path) -> None:
    if path.suffix == ".json":
        path.write_text("[]")
    else:
        torch.save([1], path)


DAMAGES = [truncated, garbage, empty, another_version, lacking, a_list]


@pytest.mark.parametrize("damage", [*DAMAGES, evil, plain_pickle])
@pytest.mark.parametrize("name", ["last.pt", "run.json"])
def test_a_damaged_file_is_refused_and_nothing_else_changed(
    name: str, damage: Callable[[Path], None], broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(broken.parent)
    damage(broken / name)
    before = contents(broken)
    with pytest.raises(FenError, match=r"FEN462|FEN476"):
        runs.resume(broken)
    assert contents(broken) == before and not (broken.parent / "evil").exists()


@pytest.mark.parametrize("damage", [truncated, garbage, empty])
@pytest.mark.parametrize("name", ["best.safetensors", "cell.fen"])
def test_damaged_weights_are_not_measured(
    name: str, damage: Callable[[Path], None], broken: Path
) -> None:
    damage(broken / name)
    with pytest.raises(FenError, match="FEN462"):
        runs.evaluate(broken)


def test_weights_of_another_model_are_refused(broken: Path, tmp_path: Path) -> None:
    train(tmp_path / "other", cell="GRU")
    for name in ("best.safetensors", "last.pt"):
        shutil.copy(tmp_path / "other" / name, broken)
    for call in (runs.evaluate, runs.resume):
        with pytest.raises(FenError, match="FEN476"):
            call(broken)


def test_other_data_are_refused(corpus: Path, tmp_path: Path) -> None:
    place = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train(place, task="lm", data=corpus, settings=SMALL["lm"], listener=Stop(1))
    moved = corpus.rename(tmp_path / "moved")
    for call in (runs.resume, runs.evaluate):
        with pytest.raises(FenError, match="FEN406"):
            call(place)
    assert runs.evaluate(place, data=moved).best_epoch == 1
    with (moved / "valid.txt").open("a") as file:
        file.write("ann bob\n")
    for call in (runs.resume, runs.evaluate):
        with pytest.raises(FenError, match="FEN464"):
            call(place, data=moved)


def test_without_a_checkpoint_it_begins_anew(broken: Path, finished: Path) -> None:
    (broken / "last.pt").unlink()
    assert runs.resume(broken).valid == runs.resume(finished).valid


def test_no_weights_yet(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run", listener=Stop(0))
    with pytest.raises(FenError, match=r"FEN466.*no epoch"):
        runs.evaluate(tmp_path / "run")


def test_one_process_at_a_time(broken: Path) -> None:
    lock = FileLock(broken / "lock")
    with pytest.raises(FenError, match=f"FEN467.*process {os.getpid()} trains"):
        runs.resume(broken)
    assert runs.evaluate(broken).best_epoch
    lock.release()
    assert runs.resume(broken).failure is None


@pytest.mark.parametrize(
    ("task", "code"), [("digits", "FEN470"), ("made_up_tasks:OnlyEvaluates", "FEN477")]
)
def test_what_a_task_cannot_do(task: str, code: str, finished: Path, tmp_path: Path) -> None:
    with pytest.raises(FenError, match=code):
        runs.predict(finished) if code == "FEN470" else train(tmp_path / "run", task=task)
    assert not list(tmp_path.iterdir())


LIMITED = """
import resource, sys
from pathlib import Path
from fenas_lang import runs
from fenas_lang.diagnostics import FenError
place = Path(sys.argv[1])
size = (place / "last.pt").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))
try:
    runs.resume(place)
except FenError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no sizes of files")
def test_a_full_disk_leaves_the_checkpoint_whole(tmp_path: Path, finished: Path) -> None:
    place = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train(place, listener=Stop(1))
    before = contents(place)
    paths = os.pathsep.join((str(HERE.parents[1]), str(HERE)))
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(place)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
        check=True,
    )
    assert "FEN463" in done.stdout and "fenasc train --resume" in done.stdout, done.stderr
    after = contents(place)
    assert after["last.pt"] == before["last.pt"] and after.keys() == before.keys()
    assert runs.resume(place).valid == runs.resume(finished).valid
    assert Directory(place).rows()[-1]["epoch"] == 3
