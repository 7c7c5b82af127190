"""A run's trials as a table: CSV, or Parquet for those who analyse them with pandas and its kin."""

from __future__ import annotations

import csv
import io
import itertools
from typing import Any

from fenas_lang.rules import search as rules
from fenas_lang.search.schema import trial_row, types
from fenas_lang.search.store import Store
from fenas_lang.search.trial import Trial

PARQUET = ".parquet"
GROUP = 10_000
"""Rows that become one group of a Parquet file."""


def columns() -> dict[str, type]:
    """Names and types of the table's columns."""
    return {"name": str, **types()}


def _row(trial: Trial) -> dict[str, Any]:
    return {"name": trial.name, **trial_row(trial)}


def csv_text(location: str) -> str:
    """One line a trial, in the order in which they ended, under a line of column names."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns()), lineterminator="\n")
    writer.writeheader()
    with Store.open(location) as store:
        writer.writerows(map(_row, store.each()))
    return text.getvalue()


def parquet_bytes(location: str) -> bytes:
    """A Parquet file: one row a trial, in the order in which they ended.

    Columns are of the types string, int64 and double, as in the store.  Raises FEN517 without
    pyarrow.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        purpose = "a Parquet file"
        raise rules.NEEDS_EXTRA.error(purpose=purpose, package="pyarrow", extra="parquet") from None
    kinds = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in columns().items()])
    file = io.BytesIO()
    with Store.open(location) as store, pq.ParquetWriter(file, schema) as writer:
        rows = map(_row, store.each())
        while group := list(itertools.islice(rows, GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema))
    return file.getvalue()
