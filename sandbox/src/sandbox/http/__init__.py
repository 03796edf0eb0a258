"""HTTP in both directions."""
