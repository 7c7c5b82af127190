"""What a mutator answered, in the store of the run: a table beside the trials'.

It is made when the first answer is recorded, so that other runs are without it.
"""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, Table, Text, inspect, select

from fenas_lang.search.mutator import Answer, Place
from fenas_lang.search.store import Store

TABLE = Table(
    "answers",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("draw", Integer, primary_key=True),
    Column("call", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("failure", Text, nullable=False),
    Column("log", Text, nullable=False),
)


class StoredAnswers:
    """Answers by their places, those of earlier processes too."""

    def __init__(self, store: Store):
        self.store = store
        with store.transaction() as connection:
            self.known = inspect(connection).has_table(TABLE.name)

    def get(self, place: Place) -> Answer | None:
        """The answer that was recorded."""
        if not self.known:
            return None
        columns = (TABLE.c.number, TABLE.c.draw, TABLE.c.call)
        query = select(TABLE.c.text, TABLE.c.failure, TABLE.c.log)
        for column, value in zip(columns, place, strict=True):
            query = query.where(column == value)
        with self.store.transaction() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Answer(*row)

    def put(self, place: Place, answer: Answer) -> None:
        """Record an answer, in a transaction of its own."""
        number, draw, call = place
        row = {"number": number, "draw": draw, "call": call, **vars(answer)}
        with self.store.transaction() as connection:
            if not self.known:
                TABLE.create(connection)
            connection.execute(TABLE.insert(), row)
        self.known = True
