"""PostgreSQL, schema credentials."""
