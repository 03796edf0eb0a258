"""Kafka in: orders, updates, integrations."""
