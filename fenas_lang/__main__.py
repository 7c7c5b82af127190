"""`python -m fenas_lang` is `fenasc`."""

from fenas_lang.cli import main

main()
