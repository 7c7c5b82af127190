"""Recipes: a file is an experiment, and holds little but data."""
