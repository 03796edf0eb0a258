"""A reference assessment engine with a small test page."""
