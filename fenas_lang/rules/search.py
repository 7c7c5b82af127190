"""FEN500-549: the search and its store.  FEN500-519 are failed runs, FEN520-549 misuse."""

from __future__ import annotations

from fenas_lang.rules import Rule

_EVOLVE = "fenasc evolve LSTM GRU --task digits --store run.db"
_RESUME = "fenasc resume run.db"
_STATUS = "fenasc status run.db"

STORE_EXISTS = Rule(
    "FEN500",
    "the store holds a run already",
    "`{path}` holds a run already",
    "A run is never overwritten by accident.  `resume` goes on with it; `--force` begins a new one"
    " and keeps the old file with `.bak` (or `.bak2` and so on) at the end of its name.",
    bad=f"{_EVOLVE}    # a second time",
    good=_RESUME,
    hint="`fenasc resume {path}` goes on with it, `--force` keeps it as `{backup}` and begins anew",
    language="shell",
)

NO_STORE = Rule(
    "FEN501",
    "there is no such store",
    "there is no run at `{path}`",
    "A run lives in the file that `evolve` was given as `--store`.",
    bad="fenasc resume rum.db",
    good=_RESUME,
    language="shell",
)

NOT_A_STORE = Rule(
    "FEN502",
    "this is not the store of a run",
    "`{path}` is not the store of a run: {reason}",
    "The file is something else, or it is damaged.  Trials are only ever added, so a backup of the"
    " file holds a usable earlier part of the run.",
    bad="fenasc status LSTM.fen",
    good=_STATUS,
    language="shell",
)

NEWER_STORE = Rule(
    "FEN503",
    "the store was made by a newer version",
    "`{path}` has format {found}, and this version of fenas-lang reads up to format {known}",
    "Formats of stores are numbered.  A newer program reads older ones, not the other way round;"
    " nothing was changed in the file.",
    bad="fenasc resume run-of-next-year.db",
    good=_RESUME,
    hint="update fenas-lang; the store was last written by version {version}",
    language="shell",
)

STORE_BUSY = Rule(
    "FEN504",
    "another process writes to the store",
    "`{path}` is in use: {reason}",
    "One process at a time runs a search; `status`, `best` and `export` may read meanwhile.",
    bad=f"{_RESUME} & {_RESUME}",
    good=_STATUS,
    hint="wait for it, or end it; `fenasc status {path}` shows how far it is",
    language="shell",
)

UNWRITABLE_STORE = Rule(
    "FEN505",
    "the store cannot be written",
    "cannot write `{path}`: {reason}",
    "The folder is missing or may not be written, or the file is read-only.  A run needs to write"
    " beside its store, too.",
    bad="fenasc evolve LSTM --task digits --store missing/folder/run.db",
    good=_EVOLVE,
    language="shell",
)

DISK_FULL = Rule(
    "FEN506",
    "the disk is full",
    "no space left to write `{path}`",
    "Each trial is written in one transaction: what was written before is whole, and only trials"
    " that were still running are lost.",
    bad="fenasc evolve LSTM --task digits --store full-disk/run.db",
    good=_EVOLVE,
    hint="free some space; `fenasc resume {path}` goes on, and every finished trial is kept",
    language="shell",
)

DATA_CHANGED = Rule(
    "FEN507",
    "the data are not those of the run",
    "the run was begun on data with checksum {expected}, and these have {found}",
    "Scores on other data cannot be compared, so a run goes on only with the same.",
    bad=f"{_RESUME} --data other-folder",
    good=_RESUME,
    hint="name the right directory with `--data`",
    language="shell",
)

NOTHING_SCORED = Rule(
    "FEN508",
    "no cell has a score yet",
    "no cell in `{path}` has a score{why}",
    "The run has only just begun, or every training failed; `fenasc export` writes each trial's"
    " reason and log.",
    bad="fenasc best begun-a-second-ago.db",
    good="fenasc best run.db",
    hint="`fenasc status {path}` shows how far it is",
    language="shell",
)

WORKER_LOST = Rule(
    "FEN509",
    "worker processes do not start",
    "a worker process ended before it could train anything: {reason}",
    "Workers are processes of their own that load the task once.  One that dies while it trains"
    " costs that trial; one that dies while it loads ends the run, since the next would die too."
    "  Nothing is lost: the run can be resumed.",
    bad="fenasc evolve LSTM --task a-module-that-crashes:task",
    good=_EVOLVE,
    language="shell",
)

BROKEN_TRIAL = Rule(
    "FEN510",
    "a trial of the store cannot be read",
    "trial {number} of the run is not a legal cell: {reason}",
    "The store was edited or is damaged; a backup of it holds a usable earlier part of the run.",
    bad="fenasc resume edited.db",
    good=_RESUME,
    language="shell",
)

NEEDS_DATABASE_LAYER = Rule(
    "FEN511",
    "a package that the search needs",
    "the search stores its trials with SQLAlchemy, which is not installed",
    "Compiling and training cells does without it, so it comes with an extra of its own.",
    bad=f"pip install fenas-lang && {_EVOLVE}",
    good=f"pip install 'fenas-lang[search]' && {_EVOLVE}",
    hint="pip install 'fenas-lang[search]'",
    language="shell",
)

NO_DRIVER = Rule(
    "FEN512",
    "a package that a database needs",
    "`{path}` needs the package `{package}`, which is not installed",
    "A store may be any database that SQLAlchemy knows, but each kind has a driver of its own. "
    " SQLite needs none.",
    bad="fenasc evolve LSTM --task digits --store postgresql://localhost/runs",
    good=_EVOLVE,
    hint="pip install {install}, or name a file",
    language="shell",
)

NO_SERVER = Rule(
    "FEN516",
    "the database cannot be reached",
    "the database of `{path}` does not answer: {reason}",
    "The address, the name or the password is wrong, or the server or the way to it is down.  A run"
    " whose connection is lost ends, since its lock went with it; each trial was written in one"
    " transaction, and only those that were still running are lost.",
    bad="fenasc resume postgresql://no-such-host/runs",
    good="fenasc resume postgresql://db.example.org/runs",
    hint="every finished trial is kept; when it answers again, `fenasc resume {argument}` goes on",
    language="shell",
)

NEEDS_EXTRA = Rule(
    "FEN517",
    "a package that a part of the search needs",
    "{purpose} needs the package `{package}`, which is not installed",
    "Packages that few runs need come with extras of their own.",
    bad="pip install 'fenas-lang[search]' && fenasc export run.db -o run.parquet",
    good="pip install 'fenas-lang[search,parquet]' && fenasc export run.db -o run.parquet",
    hint="pip install 'fenas-lang[{extra}]'",
    language="shell",
)

NO_CLUSTER = Rule(
    "FEN518",
    "there is no such Ray cluster",
    "cannot join the Ray cluster at `{address}`: {reason}",
    "`--ray` takes the address that `ray start --head` prints, or `auto` on one of the cluster's"
    " machines.  All need the same versions of Python and Ray, and this package.",
    bad=f"{_EVOLVE} --ray nowhere:6379",
    good=f"{_EVOLVE} --ray 10.0.0.1:6379",
    hint="`ray status --address {address}` says whether it is there",
    language="shell",
)

TAKEN_DATABASE = Rule(
    "FEN519",
    "the database holds a run already",
    "the database of `{path}` holds a run already",
    "A schema of a database holds one run, which is never overwritten, with `--force` neither.",
    bad="fenasc evolve LSTM --task digits --store postgresql://localhost/runs    # a second time",
    good="fenasc resume postgresql://localhost/runs",
    hint="`fenasc resume {argument}` goes on with it; a new run needs a database of its own, or a "
    "schema, named with `?options=-csearch_path=NAME`",
    language="shell",
)

UNKNOWN_PLUGIN = Rule(
    "FEN520",
    "unknown strategy, mutation, proxy or profile",
    "there is no {kind} `{name}`; there are {known}",
    "Strategies, mutations and proxies are files of `fenas_lang/search/strategies`, `mutations` and"
    " `proxies`; their names are the files'.",
    bad=f"{_EVOLVE} --strategy ageing",
    good=f"{_EVOLVE} --strategy aging",
    hint="did you mean `{suggestion}`?",
    language="shell",
)

SEEDS_OF_TWO_SPACES = Rule(
    "FEN521",
    "seed cells of different spaces",
    "the seed cells lie in different spaces: {spaces}",
    "A search mutates cells within one space.  `--space` names it for all seeds.",
    bad="fenasc evolve ENAS GRU --task digits",
    good="fenasc evolve LSTM GRU --task digits",
    hint="name one with `--space`, or leave out the others",
    language="shell",
)

BAD_SETTING = Rule(
    "FEN522",
    "a setting of the search does not fit",
    "{name} is {given}, and must be {expected}",
    "Settings are checked before anything is trained.",
    bad=f"{_EVOLVE} --population 1    # for two seed cells",
    good=f"{_EVOLVE} --population 20",
    language="shell",
)

UNKNOWN_OBJECT = Rule(
    "FEN523",
    "a task that workers cannot import",
    "workers cannot import the task `{name}`: {reason}",
    "A task of your own is named `module:NAME`; workers are processes of their own and import it"
    " from there, so it cannot live in an interactive session or in the script itself.",
    bad=f"{_EVOLVE} --task nowhere:MyTask",
    good=f"{_EVOLVE} --task my_tasks:MyTask",
    language="shell",
)

NO_CHILD = Rule(
    "FEN545",
    "what a mutator answered is no child of the cell that it was given",
    "the mutator's answer does not fit: {reason}",
    "A mutator prints one cell with as many states as the parent that it was given, and where the"
    " request says `keep_nodes`, with as many nodes.  An answer that does not fit is a trial that"
    " failed; the next request holds its diagnostics.",
    bad=f"{_EVOLVE} --mutator 'cat two.fen'",
    good=f"{_EVOLVE} --mutator 'python propose.py'",
    language="shell",
)

NO_TENSORBOARD = Rule(
    "FEN538",
    "the package for TensorBoard is missing",
    "`--tensorboard` needs the package `tensorboard`, which is not installed",
    "It writes and shows the curves of a run while it goes on; it is no part of the plain"
    " installation.",
    bad=f"{_EVOLVE} --tensorboard events",
    good=f"pip install 'fenas-lang[tensorboard]' && {_EVOLVE} --tensorboard events",
    hint="pip install 'fenas-lang[tensorboard]'",
    language="shell",
)

NO_SHARING = Rule(
    "FEN535",
    "a task whose training cannot be shared",
    "`{strategy}` trains shared weights on the task's losses, and `{task}` does not show them",
    "Strategies that share weights train one supernet in place of each cell, so they need the"
    " losses of a training one by one: a task that is a subclass of `fenas_lang.tasks.base.Task`.",
    bad=f"{_EVOLVE} --task my_tasks:OnlyEvaluates --strategy enas",
    good=f"{_EVOLVE} --strategy enas",
    hint="derive it from `fenas_lang.tasks.base.Task`, or use another strategy",
    language="shell",
)
