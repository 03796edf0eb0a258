"""The rules: catalogue, scoring, state of orders, launch addresses, report. No clock, network or Kafka."""
