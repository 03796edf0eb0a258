"""Kafka: what the gateway reads and writes."""
