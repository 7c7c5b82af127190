"""`fenasc`, also as `python -m fenas_lang`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; an interrupt while it is being loaded is no traceback either."""
    try:
        from fenas_lang.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
