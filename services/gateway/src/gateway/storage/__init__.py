"""PostgreSQL: the spool and the launch addresses."""
