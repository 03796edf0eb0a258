"""What only containers can show, shown on real ones: `tests/containers/run`."""
