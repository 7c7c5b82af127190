"""The model card of a found cell, as Markdown: what it is, where it comes from, how to load it."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fenas_lang.search.lineage import figure
from fenas_lang.search.result import Result
from fenas_lang.search.store import Store
from fenas_lang.search.summary import ROLES
from fenas_lang.search.weights import Trained

SPECIAL = re.compile(r"([\\`*|<>\[\]])")
LOAD = """```python
from safetensors.torch import load_file

import fenas_lang as fen

layer = fen.compile(fen.load("best.fen"), {input}, {hidden})
layer.load_state_dict(load_file("best.safetensors"))
```

or without fenas-lang, from the module beside it:

```python
from safetensors.torch import load_file

from best import {name}

layer = {name}({input}, {hidden})
layer.load_state_dict(load_file("best.safetensors"))
```

Both are layers with the interface of `nn.LSTM`; the input has {input} features a step."""


def model_card(result: Result, found: Trained | None, version: str) -> str:
    """The card; `found` are the weights, where there are some, `version` is the run's."""
    parts = (
        [f"# {result.cell.name}", "", _claim(result), ""],
        _table(("", ""), _facts(result, version)),
        ["", "## Results", "", *_results(result)],
        ["", "## Weights", "", *_weights(result, found)],
        ["", "## Lineage", "", "Each cell was made from the one above it.", "", *_lineage(result)],
        ["", "## Source", "", *fenced(str(result.cell), "fen")],
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def _claim(result: Result) -> str:
    reached = f"{result.metric_name} {figure(result.metric)} ({result.basis})"
    return (
        f"A recurrent cell, found by {result.settings.strategy} search on the task "
        f"{plain(result.task['task'])}: {reached}."
    )


def _facts(result: Result, version: str) -> Iterator[tuple[str, str]]:
    told, task = result.settings, result.task
    better = "higher" if task["higher_is_better"] else "lower"
    yield "task", str(task["task"])
    yield "metric", f"{task['metric']}, {better} is better"
    yield "settings of the task", _named(task["settings"])
    yield "data checksum", str(task["checksum"])
    yield "space", result.space.name
    yield "strategy", f"{told.strategy}, profile {told.profile}, {len(result.trials)} trials"
    yield "seed", str(told.seed)
    yield "hardware", "; ".join(_hardware(result)) or "not known"
    yield "versions", f"fenas-lang {version}, Python {platform.python_version()} for this card"


def _named(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items()) or "none"


def _hardware(result: Result) -> list[str]:
    with Store.open(result.store) as store:
        found = (trial.measured.facts.get("hardware") for trial in store.each())
        return list(dict.fromkeys(str(text) for text in found if text))


def _results(result: Result) -> Iterator[str]:
    metric = result.metric_name
    rows = [
        (
            final.entrant.name,
            ROLES.get(final.entrant.role, "seed"),
            f"{figure(final.metric)} ± {figure(final.deviation)}",
            figure(final.on_test(metric)),
        )
        for final in result.finals
    ]
    rows += [(name, "reference", figure(value), "-") for name, value in result.references.items()]
    if not rows:
        yield "The cell was trained once, in the search, and nothing was trained beside it."
        return
    yield from _table(("cell", "role", f"{metric}, validation", "test"), rows)
    if result.finals and result.trains:
        yield ""
        yield f"Mean and standard deviation over {result.settings.repeats} trainings."


def _weights(result: Result, found: Trained | None) -> Iterator[str]:
    if found is None:
        yield "None were written."
        return
    sameness = (
        "which gave the metric of the run to the last bit"
        if found.is_exact
        else f"which gave {found.metric!r}, where the run had {found.trial.metric!r}: "
        "another machine, other versions, or another number of threads"
    )
    yield (
        f"`best.safetensors` holds the parameters of the cell's layer, not those of the task's "
        f"model around it. They are of one training, the best by the validation data, repeated "
        f"from its seed {found.trial.seed}, {sameness}."
    )
    yield ""
    sizes = {"input": found.layer.input_size, "hidden": found.layer.hidden_size}
    yield LOAD.format(name=result.cell.name, **sizes)


def _lineage(result: Result) -> list[str]:
    rows = [
        (str(trial.number), trial.name, figure(trial.metric), trial.edit)
        for trial in result.lineage
    ]
    return _table(("trial", "cell", result.metric_name, "edit"), rows)


def _table(
    head: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]
) -> list[str]:
    lines = [head, ["---"] * len(head), *[[plain(text) for text in row] for row in rows]]
    return ["| " + " | ".join(line) + " |" for line in lines]


def plain(text: object) -> str:
    """Text that no Markdown is, on one line."""
    return SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def fenced(text: str, language: str) -> list[str]:
    """A block of code behind a fence longer than any in it."""
    runs = [len(run) for run in re.findall("`+", text)]
    fence = "`" * max(3, *(length + 1 for length in [0, *runs]))
    return [f"{fence}{language}", text.rstrip("\n"), fence]
