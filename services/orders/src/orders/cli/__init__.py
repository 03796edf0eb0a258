"""What the vendor's operator does: `bridge orders` and `bridge candidates`."""
