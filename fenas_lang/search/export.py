"""A run's trials as CSV."""

from __future__ import annotations

import csv
import io

from fenas_lang.search.schema import COLUMNS, trial_row
from fenas_lang.search.store import Store


def csv_text(location: str) -> str:
    """One line a trial, in the order in which they ended, under a line of column names."""
    with Store.open(location) as store:
        trials = store.trials()
    text = io.StringIO()
    writer = csv.DictWriter(text, ["name", *COLUMNS], lineterminator="\n")
    writer.writeheader()
    writer.writerows({"name": trial.name, **trial_row(trial)} for trial in trials)
    return text.getvalue()
