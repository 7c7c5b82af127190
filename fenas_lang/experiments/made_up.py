"""Made-up data, so that anyone can try an experiment: a text with agreement, and nine sets of
sentences in the formats of GLUE whose labels can be learnt.

Sentences come from a grammar of about ninety words.  Whatever is measured on them says that the
programs work, and nothing about English.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

SEED = 0
LINES = {"train": 1200, "valid": 150, "test": 150}
"""Of the text."""
ROWS = {"train": 240, "dev": 60, "test": 20}
"""Of each of the nine sets."""

NOUNS = {
    "one": ("dog", "cat", "child", "doctor", "driver", "farmer", "king", "singer", "lawyer"),
    "many": ("dogs", "cats", "children", "doctors", "drivers", "farmers", "kings", "singers"),
}
VERBS = {
    "one": ("sees", "likes", "follows", "helps", "finds", "calls", "visits", "thanks"),
    "many": ("see", "like", "follow", "help", "find", "call", "visit", "thank"),
}
STATES = {"one": ("sleeps", "waits", "laughs", "sings"), "many": ("sleep", "wait", "laugh", "sing")}
ADJECTIVES = ("old", "young", "tall", "small", "quiet", "famous", "tired", "clever")
PLACES = ("house", "garden", "river", "market", "station", "forest")
GOOD = ("wonderful", "moving", "brilliant", "funny", "charming", "fresh")
BAD = ("dull", "boring", "clumsy", "awful", "empty", "stale")
THINGS = ("story", "film", "plot", "cast", "music", "ending")
SAME = {"sees": "watches", "likes": "loves", "follows": "chases", "helps": "assists"}

Row = Sequence[str]
Sentence = list[str]


def write(folder: Path) -> None:
    """`ptb` and `glue` in a folder, always the same files."""
    write_text(folder / "ptb")
    write_glue(folder / "glue")


def write_text(folder: Path) -> None:
    """`train.txt`, `valid.txt` and `test.txt`: a sentence a line."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(SEED)
    for split, count in LINES.items():
        lines = (" ".join(sentence(rng)) for _ in range(count))
        (folder / f"{split}.txt").write_text("".join(f" {line} \n" for line in lines), "utf-8")


def write_glue(folder: Path) -> None:
    """`CoLA/train.tsv` and so on, with the official headers and columns."""
    for name, (headers, make) in SETS.items():
        rng = random.Random(f"{SEED}/{name}")
        for split, count in ROWS.items():
            rows = [make(rng, number, split) for number in range(count)]
            _write(folder / name, _file(name, split), headers[split], rows)
    rng = random.Random(f"{SEED}/MNLI-mm")
    for split in ("dev", "test"):
        rows = [_mnli(rng, number, split) for number in range(ROWS[split])]
        _write(folder / "MNLI", f"{split}_mismatched.tsv", MNLI[split], rows)


def _file(name: str, split: str) -> str:
    return f"{split}_matched.tsv" if name == "MNLI" and split != "train" else f"{split}.tsv"


def _write(folder: Path, name: str, header: str, rows: Sequence[Row]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [*([header] if header else []), *("\t".join(row) for row in rows)]
    (folder / name).write_text("\n".join(lines) + "\n", "utf-8")


def sentence(rng: random.Random) -> Sentence:
    """A noun phrase, perhaps with a clause in between, and a verb that agrees with it."""
    number = rng.choice(("one", "many"))
    subject = _phrase(rng, number)
    if rng.random() < 0.3:
        inner = rng.choice(("one", "many"))
        subject += ["that", *_phrase(rng, inner), rng.choice(VERBS[inner])]
    if rng.random() < 0.4:
        return [*subject, rng.choice(STATES[number]), "in", "the", rng.choice(PLACES)]
    return [*subject, rng.choice(VERBS[number]), *_phrase(rng, rng.choice(("one", "many")))]


def _phrase(rng: random.Random, number: str) -> Sentence:
    adjective = [rng.choice(ADJECTIVES)] if rng.random() < 0.5 else []
    return ["the", *adjective, rng.choice(NOUNS[number])]


def _fact(rng: random.Random) -> Sentence:
    """Who does what to whom, without more: `the dog helps the king`."""
    return ["the", rng.choice(NOUNS["one"]), rng.choice(list(SAME)), "the", _other(rng)]


def _other(rng: random.Random) -> str:
    return rng.choice(NOUNS["one"])


def _reworded(words: Sentence) -> Sentence:
    return [SAME.get(word, word) for word in words]


def _text(words: Sentence, end: str = ".") -> str:
    return " ".join(words).capitalize() + end


def _pair(rng: random.Random, same: bool) -> tuple[str, str]:
    """A fact, and it in other words, or another fact."""
    first = _fact(rng)
    second = _reworded(first) if same else _different(rng, first)
    return _text(first), _text(second)


def _different(rng: random.Random, fact: Sentence) -> Sentence:
    subject = rng.choice([noun for noun in NOUNS["one"] if noun != fact[1]])
    return ["the", subject, "never", *_reworded(fact)[2:]]


def _cola(rng: random.Random, number: int, split: str) -> Row:
    right = rng.random() < 0.6
    words = sentence(rng)
    if not right:
        words = [*words[1:2], *words[:1], *words[2:]]
    if split == "test":
        return (str(number), _text(words))
    return ("made", str(int(right)), "" if right else "*", _text(words))


def _sst2(rng: random.Random, number: int, split: str) -> Row:
    good = rng.random() < 0.5
    words = f"the {rng.choice(THINGS)} is {rng.choice(GOOD if good else BAD)}"
    text = f"{words} and {rng.choice(GOOD if good else BAD)} "
    return (str(number), text) if split == "test" else (text, str(int(good)))


def _mrpc(rng: random.Random, number: int, split: str) -> Row:
    same = rng.random() < 0.65
    first, second = _pair(rng, same)
    head = str(number) if split == "test" else str(int(same))
    return (head, str(2 * number), str(2 * number + 1), first, second)


def _qqp(rng: random.Random, number: int, split: str) -> Row:
    same = rng.random() < 0.4
    first, second = (text[:-1] + "?" for text in _pair(rng, same))
    if split == "test":
        return (str(number), first, second)
    return (str(number), str(2 * number), str(2 * number + 1), first, second, str(int(same)))


def _stsb(rng: random.Random, number: int, split: str) -> Row:
    """The score is five parts of the nouns and the verb that two facts share."""
    first, second = _fact(rng), _fact(rng)
    for place in (1, 2, 4):
        if rng.random() < 0.6:
            second[place] = first[place]
    shared = sum(first[place] == second[place] for place in (1, 2, 4))
    head = (str(number), "made-up", "made-up", "2020", str(number), "none", "none")
    score = () if split == "test" else (f"{5 * shared / 3:.3f}",)
    return (*head, _text(first), _text(second), *score)


def _entailed(rng: random.Random) -> tuple[str, str, str]:
    label = rng.choice(("entailment", "neutral", "contradiction"))
    first = _fact(rng)
    second = {
        "entailment": _reworded(first),
        "neutral": [*_reworded(first), "in", "the", rng.choice(PLACES)],
        "contradiction": [*first[:2], "never", *_reworded(first)[2:]],
    }[label]
    return _text(first), _text(second), label


def _mnli(rng: random.Random, number: int, split: str) -> Row:
    first, second, label = _entailed(rng)
    head = (str(number), str(number), f"{number}e", "made-up", "", "", "", "", first, second)
    labels = {"train": (label, label), "dev": (label,) * 6, "test": ()}
    return (*head, *labels[split])


def _two_way(rng: random.Random, number: int, split: str, texts: tuple[str, str], yes: bool) -> Row:
    label = "entailment" if yes else "not_entailment"
    return (str(number), *texts, *(() if split == "test" else (label,)))


def _qnli(rng: random.Random, number: int, split: str) -> Row:
    fact, yes = _fact(rng), rng.random() < 0.5
    answer = fact if yes else _different(rng, fact)
    texts = (_text(["who", *fact[2:]], "?"), _text(answer))
    return _two_way(rng, number, split, texts, yes)


def _rte(rng: random.Random, number: int, split: str) -> Row:
    yes = rng.random() < 0.5
    return _two_way(rng, number, split, _pair(rng, yes), yes)


def _wnli(rng: random.Random, number: int, split: str) -> Row:
    """As in the real one, what decides is not in the words."""
    fact, yes = _fact(rng), rng.random() < 0.5
    texts = (_text([*fact, "because", "it", "waits"]), _text(["the", fact[1], "waits"]))
    return (str(number), *texts, *(() if split == "test" else (str(int(yes)),)))


def _headers(train: str, dev: str, test: str) -> dict[str, str]:
    columns = {"train": train, "dev": dev, "test": test}
    return {split: "\t".join(words.split()) for split, words in columns.items()}


_PAIR, _INDEXED = "#1_ID #2_ID #1_String #2_String", "index sentence1 sentence2"
_STSB = "index genre filename year old_index source1 source2 sentence1 sentence2"
_PARSES = "sentence1_binary_parse sentence2_binary_parse sentence1_parse sentence2_parse"
_MNLI = f"index promptID pairID genre {_PARSES} sentence1 sentence2"
_FIVE = "label1 label2 label3 label4 label5 gold_label"
MNLI = _headers(f"{_MNLI} label1 gold_label", f"{_MNLI} {_FIVE}", _MNLI)
_QQP = "id qid1 qid2 question1 question2 is_duplicate"

Maker = Callable[[random.Random, int, str], Row]


def _mrpc_headers() -> Iterator[tuple[str, str]]:
    """With a byte-order mark where the official files have one."""
    for split, first in (("train", "\ufeffQuality"), ("dev", "\ufeffQuality"), ("test", "index")):
        yield split, "\t".join((first, *(word.replace("_", " ") for word in _PAIR.split())))


SETS: dict[str, tuple[dict[str, str], Maker]] = {
    "CoLA": (_headers("", "", "index sentence"), _cola),
    "SST-2": (_headers("sentence label", "sentence label", "index sentence"), _sst2),
    "MRPC": (dict(_mrpc_headers()), _mrpc),
    "QQP": (_headers(_QQP, _QQP, "id question1 question2"), _qqp),
    "STS-B": (_headers(f"{_STSB} score", f"{_STSB} score", _STSB), _stsb),
    "MNLI": (MNLI, _mnli),
    "QNLI": (
        _headers(
            "index question sentence label",
            "index question sentence label",
            "index question sentence",
        ),
        _qnli,
    ),
    "RTE": (_headers(f"{_INDEXED} label", f"{_INDEXED} label", _INDEXED), _rte),
    "WNLI": (_headers(f"{_INDEXED} label", f"{_INDEXED} label", _INDEXED), _wnli),
}
