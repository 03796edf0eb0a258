"""PostgreSQL, schema results_publisher."""

SCHEMA = "results_publisher"
