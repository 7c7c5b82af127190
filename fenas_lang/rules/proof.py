"""FEN600-609: certificates that are none, or do not hold."""

from __future__ import annotations

from fenas_lang.rules import Rule

NOT_A_CERTIFICATE = Rule(
    "FEN600",
    "a file that is no certificate",
    "this is no certificate: {problem}",
    "`fenasc prove A B --certificate F` writes a certificate: a JSON object with both cells, the"
    " verdict, and what is needed to check it.",
    bad="fenasc verify GRU.fen",
    good="fenasc prove GRU.fen torch.nn.GRU --certificate gru.json && fenasc verify gru.json",
    language="text",
)

OTHER_VERSION = Rule(
    "FEN601",
    "a certificate of another version",
    "this certificate has version {found}, and this checker reads version {expected}",
    "What a certificate means depends on the laws and the normal form, which its version stands"
    " for.  Prove the claim again with the program at hand.",
    bad='{"version": 99, "verdict": "Equal"}',
    good='{"version": 1, "verdict": "Equal", "a": "...", "b": "...", "values": {}, "back": {}}',
    language="text",
    hint="run `fenasc prove` again",
)

DOES_NOT_HOLD = Rule(
    "FEN602",
    "a certificate that does not hold",
    "this certificate does not hold: {problem}",
    "The checker computes everything anew: whether one cell becomes the other under the values that"
    " are given, whether an invariant holds, and whether a witness violates it.  A certificate that"
    " was changed, or made by a faulty program, does not pass.",
    bad="fenasc verify changed.json",
    good="fenasc prove GRU.fen torch.nn.GRU --certificate gru.json && fenasc verify gru.json",
    language="text",
)

NOTHING_PROVED = Rule(
    "FEN603",
    "a certificate for nothing",
    "there is no certificate for the verdict {kind}",
    "`Unknown` says that nothing was found within the budget, which proves nothing.",
    bad="fenasc prove SRU.fen STAR.fen --certificate c.json",
    good="fenasc prove GRU.fen torch.nn.GRU --certificate c.json",
    language="text",
)

NOT_THE_LAYER = Rule(
    "FEN604",
    "weights of a layer that the cell is not",
    "{name} cannot exchange weights with {layer}: {problem}",
    "Only a cell that is proved equal to `nn.LSTM`, `nn.GRU` or `nn.RNN` has the same parameters,"
    " and only layers of the same sizes, depth and directions can exchange them.",
    bad="""
import torch
import fenas_lang as fen
fen.compile("lstm.fen", 3, 4).load_torch(torch.nn.GRU(3, 4))
""",
    good="""
import torch
import fenas_lang as fen
fen.compile("lstm.fen", 3, 4).load_torch(torch.nn.LSTM(3, 4))
""",
    language="python",
)
