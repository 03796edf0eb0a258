"""The gateway's own metrics; answers are counted by the runtime. No ids of companies or orders in labels."""

from prometheus_client import Counter

ORDERS = Counter("gateway_orders_total", "Orders by where they were made durable", ["kept"])
RELAYED = Counter("gateway_spool_relayed_total", "Spooled orders brought to Kafka")
