"""Kafka: producer, consumer groups, compacted views, topics."""
