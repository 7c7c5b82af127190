"""The search for better cells: `study.evolve` begins one, `study.resume` goes on with it.

A strategy is asked for cells and told what they were worth; workers train them; the store keeps
every trial.  This package needs SQLAlchemy, which plain compiling does not.
"""

from importlib.util import find_spec

from fenas_lang.rules.search import NEEDS_DATABASE_LAYER

if find_spec("sqlalchemy") is None:
    raise NEEDS_DATABASE_LAYER.error()
