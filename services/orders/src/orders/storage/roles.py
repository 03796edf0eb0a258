"""Who of orders may touch what in PostgreSQL, where it is less than all of the schema."""

from runtime.roles import Role

# It writes its figures, and reads no order.
INSIGHTS = Role("orders", {"insights": "SELECT, INSERT, UPDATE"})
