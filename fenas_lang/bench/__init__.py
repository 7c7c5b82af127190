"""Benchmarks: a cell's layer beside other ways to run the same cell, in one run."""
