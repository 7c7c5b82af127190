"""fenasc check, fmt, explain: output, exit status, and what they leave alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = "cell RNN(x, h_prev) -> h {\n    h = tanh(@x, @h_prev)\n}\n"
TYPO = "cell RNN(x, h_prev) -> h {\n    h = tanh(@x, @h_pre)\n}\n"
DEAD = "cell RNN(x, h_prev) -> h {\n    a = tanh(@x)\n    h = tanh(@x, @h_prev)\n}\n"
UNTIDY = "cell RNN(x,h_prev)->h{\n h=tanh(@x,@h_prev)\n}\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(text: str | bytes, name: str = "cell.fen") -> Path:
        data = text.encode() if isinstance(text, str) else text
        Path(name).write_bytes(data)
        return Path(name)

    return make


def test_a_good_cell(fenasc, write):
    ran = fenasc("check", write(GOOD))
    assert (ran.status, ran.out) == (0, "")
    assert "no problems in 1 file" in ran.err


def test_a_typo_shows_place_and_suggestion(fenasc, write):
    ran = fenasc("check", write(TYPO))
    assert ran.status == 1
    assert ran.out == (
        "error[FEN012]: `h_pre` is not defined\n"
        " --> cell.fen:2:19\n"
        "  |\n"
        "2 |     h = tanh(@x, @h_pre)\n"
        "  |                   ^^^^^\n"
        "   = hint: did you mean `h_prev`?\n\n"
    )


def test_json_is_the_documented_list(fenasc, write):
    ran = fenasc("check", write(TYPO), "--format", "json")
    assert ran.status == 1
    (found,) = json.loads(ran.out)
    assert found == {
        "version": 1,
        "code": "FEN012",
        "severity": "error",
        "message": "`h_pre` is not defined",
        "path": "cell.fen",
        "line": 2,
        "column": 19,
        "end_line": 2,
        "end_column": 24,
        "hint": "did you mean `h_prev`?",
        "fix": {"start": 45, "end": 50, "text": "h_prev"},
    }
    fix = found["fix"]
    assert TYPO[: fix["start"]] + fix["text"] + TYPO[fix["end"] :] == GOOD


def test_sarif_names_rule_and_region(fenasc, write):
    log = json.loads(fenasc("check", write(TYPO), "--format", "sarif").out)
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    (result,) = run["results"]
    assert result["ruleId"] == run["tool"]["driver"]["rules"][0]["id"] == "FEN012"
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 2, "startColumn": 19, "endLine": 2, "endColumn": 24}


def test_warnings_fail_only_if_strict(fenasc, write):
    path = write(DEAD)
    assert fenasc("check", path).status == 0
    ran = fenasc("check", path, "--strict")
    assert ran.status == 1
    assert "warning[FEN020]" in ran.out


def test_standard_input(fenasc):
    ran = fenasc("check", "-", stdin=TYPO)
    assert ran.status == 1
    assert "<stdin>:2:19" in ran.out


def test_a_missing_file_is_status_2_and_the_others_are_checked(fenasc, write):
    ran = fenasc("check", "gruu.fen", write(TYPO))
    assert ran.status == 2
    assert "FEN260" in ran.out and "`GRU`" in ran.out and "FEN012" in ran.out


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"\x80" * 100, b"\x89PNG\r\n\x1a\n\x00\xff"])
def test_bytes_that_are_no_text(fenasc, write, data):
    ran = fenasc("check", write(data, "noise.fen"))
    assert ran.status == 2
    assert "FEN011" in ran.out


def test_a_huge_file(fenasc, write):
    ran = fenasc("check", write("#" * 3_000_000))
    assert ran.status in (1, 2)
    assert "FEN006" in ran.out


def test_control_characters_do_not_reach_the_terminal(fenasc, write):
    ran = fenasc("check", write("cell A(x, h) -> h {\n h = tanh(\x1b[31m@x)\n}"))
    assert ran.status == 1
    assert "\x1b" not in ran.out


def test_another_space(fenasc, write):
    path = write("cell A(x, h) -> n {\n n = gelu(@x, @h)\n}\n")
    assert fenasc("check", path).status == 1
    assert fenasc("check", path, "--space", "open").status == 0
    ran = fenasc("check", path, "--space", "opn")
    assert ran.status == 2 and "open" in ran.err


def test_fmt_rewrites_once(fenasc, write):
    path = write(UNTIDY)
    assert fenasc("fmt", "--check", path).status == 1
    assert path.read_text() == UNTIDY
    diff = fenasc("fmt", "--diff", path)
    assert diff.status == 1 and "+    h = tanh(@x, @h_prev)" in diff.out
    assert fenasc("fmt", path).status == 0
    assert path.read_text() == GOOD
    assert fenasc("fmt", "--check", path).status == 0


def test_fmt_of_standard_input(fenasc):
    assert fenasc("fmt", "-", stdin=UNTIDY).out == GOOD


def test_fmt_leaves_a_broken_file_alone(fenasc, write):
    broken = UNTIDY.replace("}", "")
    path, other = write(broken), write(UNTIDY, "other.fen")
    ran = fenasc("fmt", other, path)
    assert ran.status == 2 and "FEN003" in ran.err
    assert (path.read_text(), other.read_text()) == (broken, UNTIDY)


def test_fmt_makes_no_file_that_is_too_large_to_read(fenasc, write):
    cells = "".join(f"cell C{k}(x,h)->n{{n=tanh(@x,@h)}}\n" for k in range(5600))
    path = write(cells)
    ran = fenasc("fmt", path)
    assert ran.status == 2 and "FEN006" in ran.err
    assert path.read_text() == cells


def test_explain(fenasc):
    ran = fenasc("explain", "fen012")
    assert ran.status == 0
    assert ran.out.startswith("FEN012: a name that nothing defines (error)")
    assert "Not this:" in ran.out and "But this:" in ran.out
    missing = fenasc("explain", "FEN999")
    assert missing.status == 2 and "FEN265" in missing.err


def test_misuse_is_status_2(fenasc):
    assert fenasc("check").status == 2
    assert fenasc("nonsense").status == 2
    assert fenasc("analyze", "gru.fen", "--hidden-size", "0").status == 2


def test_version(fenasc):
    from fenas_lang import __version__

    assert fenasc("--version").out == f"fenasc {__version__}\n"


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m fenas_lang explain FEN012 | head -1"
    ran = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert ran.stderr == ""
