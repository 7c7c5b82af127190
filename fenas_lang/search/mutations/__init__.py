"""The mutations, one a file; `fenas_lang.search.mutation` says what one is."""
