"""Proxies, one a file: what a cell may be worth, without training; `search/proxy.py` says more."""
