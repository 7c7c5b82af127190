"""Text of a directory as numbered words: the Penn Treebank, WikiText-2, or any in their format.

One sentence or paragraph a line, words between white space; a line's end is the word `<eos>`, that
of an empty line too.  With that the Penn Treebank in Mikolov's preprocessing has 929,589 training,
73,760 validation and 82,430 test words of 10,000 types, and WikiText-2 2,088,628 training words.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fenas_lang import hub
from fenas_lang.diagnostics import FenError
from fenas_lang.rules import tasks as rules
from fenas_lang.tasks.base import checksum_of

SPLITS = ("train", "valid", "test")
NAMES = ("ptb.{}.txt", "{}.txt", "wiki.{}.tokens")
ENDINGS = ("", ".gz")
HUB_VALID, HUB_COLUMNS = ("validation", "valid"), ("text", "sentence")
END, UNKNOWN = "<eos>", "<unk>"

Words = NDArray[np.int32]


@dataclass(frozen=True)
class Corpus:
    """Three texts as word numbers, 1-d int32; `vocabulary[k]` is word k, `<eos>` is word 0.

    `checksum` is the sha256 over the texts themselves, the same for plain and compressed files.
    """

    train: Words = field(repr=False)
    valid: Words = field(repr=False)
    test: Words = field(repr=False)
    vocabulary: tuple[str, ...] = field(repr=False)
    checksum: str


def load_corpus(directory: Path | str) -> Corpus:
    """Read the three files of a directory: `ptb.train.txt`, `train.txt` or `wiki.train.tokens`,
    and so for valid and test, plain or with .gz; or a data set of the hub, `hub:DATASET[/CONFIG]`,
    whose rows of text are lines.

    The vocabulary is that of the training text in order of appearance; another word of the
    validation or test text counts as `<unk>` where the training text has that.

    Raises FenError: FEN406 or FEN407 for what is not there, FEN408 to FEN411 for what cannot be
    read, FEN440 to FEN442 for the hub's.
    """
    named = _hub_texts(str(directory)) if hub.is_reference(directory) else _files(Path(directory))
    paths, texts = list(named), list(named.values())
    index: dict[str, int] = {END: 0}
    train = _numbered(index.setdefault(word, len(index)) for word in _words(texts[0]))
    valid, test = (
        _known(text, index, path) for path, text in zip(paths[1:], texts[1:], strict=True)
    )
    return Corpus(train, valid, test, tuple(index), checksum_of(*texts))


def _files(directory: Path) -> dict[str, str]:
    return {str(path): _read(path) for path in _find(directory)}


def _hub_texts(reference: str) -> dict[str, str]:
    """The text of each split of a data set of the hub: a row of its text column is a line."""
    found = hub.load(reference)
    valid = next((split for split in HUB_VALID if split in found), HUB_VALID[0])
    texts = {}
    for split in (SPLITS[0], valid, SPLITS[2]):
        column = next((c for c in HUB_COLUMNS if c in found.get(split, {})), HUB_COLUMNS[0])
        rows = hub.columns(found, split, column, reference)
        texts[f"{reference}, {split}"] = "".join(f"{row}".removesuffix("\n") + "\n" for row in rows)
        _check_words(texts[f"{reference}, {split}"], f"{reference}, {split}")
    return texts


def _find(directory: Path) -> list[Path]:
    """The paths of the three splits: of the first naming that has a training text."""
    if not os.path.isdir(directory):
        raise rules.NO_SUCH_DIRECTORY.error(path=directory, hint=_near(directory.parent))
    for pattern in NAMES:
        found = {split: _present(directory, pattern.format(split)) for split in SPLITS}
        if found["train"]:
            missing = [pattern.format(split) for split in SPLITS if not found[split]]
            if missing:
                raise _not_found(directory, " and no ".join(missing))
            return [path for path in found.values() if path]
    raise _not_found(directory, "training text")


def _not_found(directory: Path, missing: str) -> FenError:
    names = ", ".join(pattern.format("train") for pattern in NAMES)
    return rules.FILES_NOT_FOUND.error(
        path=directory, missing=missing, names=names, hint=_near(directory)
    )


def _present(directory: Path, name: str) -> Path | None:
    return next((p for e in ENDINGS if os.path.isfile(p := directory / (name + e))), None)


def _near(directory: Path) -> str:
    """A hint: a folder in this one that does hold a training text, or where to get one."""
    folders = sorted(directory.glob("*/")) if os.path.isdir(directory) else []
    for folder in folders:
        if any(_present(folder, pattern.format("train")) for pattern in NAMES):
            return f"did you mean `{folder}`?"
    return rules.WHERE


def _read(path: Path) -> str:
    try:
        content = path.read_bytes()
        raw = gzip.decompress(content) if path.suffix == ".gz" else content
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise rules.NOT_UTF8.error(path=path, offset=error.start, byte=byte) from error
    except (OSError, EOFError, zlib.error) as error:
        raise rules.UNREADABLE_DATA.error(path=path, reason=error) from error
    _check_words(text, path)
    return text


def _check_words(text: str, path: object) -> None:
    if not text.strip():
        raise rules.EMPTY_DATA.error(path=path)


def _words(text: str) -> Iterator[str]:
    lines = text.removesuffix("\n").split("\n")
    for line in lines:
        yield from line.split()
        yield END


def _numbered(numbers: Iterable[int]) -> Words:
    return np.fromiter(numbers, dtype=np.int32)


def _known(text: str, index: dict[str, int], path: str) -> Words:
    """The text's numbers; raises FEN411 for words without one, unless `<unk>` has one."""
    if UNKNOWN in index:
        fallback = index[UNKNOWN]
        return _numbered(index.get(word, fallback) for word in _words(text))
    missing = dict.fromkeys(word for word in _words(text) if word not in index)
    if missing:
        shown = ", ".join(f"`{word}`" for word in list(missing)[:3])
        words = f"{shown}, …" if len(missing) > 3 else shown
        raise rules.UNKNOWN_WORDS.error(path=path, count=len(missing), words=words)
    return _numbered(index[word] for word in _words(text))
