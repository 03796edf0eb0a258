"""Kafka: what orders consumes."""
