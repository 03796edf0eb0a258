"""Use cases: taking updates in, sending what is due, mending what failed."""
