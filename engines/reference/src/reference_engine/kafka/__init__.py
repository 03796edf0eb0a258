"""Kafka: requests in, updates out, and the view that state is rebuilt from."""
