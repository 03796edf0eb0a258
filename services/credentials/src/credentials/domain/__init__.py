"""Pure rules of credentials: no network, database, clock or random source inside."""
