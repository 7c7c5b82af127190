"""The nine tasks of GLUE as data: files, words, vectors, metrics, and the server's format."""
