"""Further measurements that are not of one cell and shape: one file each, its name the row's.

Each has `measure(settings)`, which gives a `Row`.
"""
