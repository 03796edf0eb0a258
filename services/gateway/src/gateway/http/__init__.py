"""HTTP, in and out."""
