"""FEN259: cells that have no canonical key."""

from __future__ import annotations

from fenas_lang.rules import Rule

TOO_SYMMETRIC = Rule(
    "FEN259",
    "a cell too symmetric for its canonical key",
    "this cell's graph is so large and regular that its canonical key would take too long",
    "The key is found by telling the nodes of a cell apart.  For a few families of graphs, all of"
    " them large and built to be regular, no known method does that quickly, and rather than give"
    " a key that might be wrong, none is given.  Cells that people or the search write are far from"
    " this limit; everything that needs no key works for such a cell too.",
    bad="fenasc dedup strongly_regular_graph_of_2000_nodes.fen",
    good="fenasc dedup LSTM.fen GRU.fen",
    language="text",
)
