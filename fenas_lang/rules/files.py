"""Diagnostics about files and the command line: FEN260 to FEN269."""

from fenas_lang.rules import Rule

MISSING_FILE = Rule(
    "FEN260",
    "a file that is not there",
    "there is no file `{path}`, and no shipped cell of that name",
    "A cell is named by its file, or by its name in the shipped library (`fenasc cells` lists it).",
    bad="fenasc check gruu.fen",
    good="fenasc check gru.fen",
    hint="did you mean the shipped cell `{suggestion}`?",
    language="text",
)
UNREADABLE = Rule(
    "FEN261",
    "a file that cannot be read or written",
    "cannot use `{path}`: {reason}",
    "The operating system refused. Check the path and its permissions, and that the disk has room.",
    bad="fenasc compile gru.fen -o /no/such/folder/gru.py",
    good="fenasc compile gru.fen -o gru.py",
    language="text",
)
IS_DIRECTORY = Rule(
    "FEN262",
    "a folder where a file is needed",
    "`{path}` is a folder",
    "The command reads cells from files; name the files in the folder.",
    bad="fenasc analyze cells/",
    good="fenasc analyze cells/GRU.fen",
    hint="write `{path}/*.fen`",
    language="text",
)
WHICH_CELL = Rule(
    "FEN263",
    "a file of several cells where one is needed",
    "`{path}` holds several cells: {names}",
    "Commands that need one cell are told which by `file.fen:NAME`; check, fmt, dedup and evolve "
    "take all.",
    bad="fenasc analyze two.fen",
    good="fenasc analyze two.fen:First",
    hint="write `{path}:{first}`",
    language="text",
)
NO_SUCH_CELL = Rule(
    "FEN264",
    "a cell that the file does not hold",
    "`{path}` holds no cell `{name}`",
    "The name behind the colon is that of a cell in the file.",
    bad="fenasc analyze gru.fen:GRUU",
    good="fenasc analyze gru.fen:GRU",
    hint="did you mean `{path}:{suggestion}`?",
    language="text",
)
UNKNOWN_CODE = Rule(
    "FEN265",
    "a code that no diagnostic has",
    "there is no diagnostic `{code}`",
    "Codes are FEN and three digits, as the messages show them.",
    bad="fenasc explain FEN12",
    good="fenasc explain FEN012",
    hint="did you mean `{suggestion}`?",
    language="text",
)
BAD_OPTION = Rule(
    "FEN266",
    "an option with a value that it cannot have",
    "`{option}` cannot be `{value}`: {reason}",
    "`--help` behind any command lists its options with examples.",
    bad="fenasc analyze gru.fen --input-size -3",
    good="fenasc analyze gru.fen --input-size 300",
    language="text",
)
NO_CELLS = Rule(
    "FEN267",
    "a folder without cells",
    "there are no cells in `{path}`",
    "Of a folder, .fen files and files of recipes (.jsonl, .jsonl.gz) are read, at any depth.",
    bad="fenasc dedup empty/",
    good="fenasc dedup cells/",
    language="text",
)
