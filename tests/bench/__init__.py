"""Measures the product against the bare limit of what it is made of. `make bench` runs it."""
