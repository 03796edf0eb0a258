"""PostgreSQL, schema `orders`."""
