"""The strategies, one a file; `fenas_lang.search.strategy` says what one is."""
