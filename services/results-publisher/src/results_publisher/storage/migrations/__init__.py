"""Plain SQL, run by `bridge database migrate`."""
