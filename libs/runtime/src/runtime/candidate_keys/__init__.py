"""Candidates' data under keys of their own: sealing, opening, and where the keys come from."""
