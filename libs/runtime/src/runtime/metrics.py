"""Prometheus metrics that more than one service has. No label is an id of a person, company or order."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("bridge_http_requests_total", "HTTP requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("bridge_http_request_seconds", "Time to answer a request", ["route"])
CONSUMED = Counter("bridge_consumed_total", "Records finished", ["group", "topic"])
RETRIED = Counter("bridge_consume_retries_total", "Records tried again", ["group", "topic"])
DEAD_LETTERS = Counter("bridge_dead_letters_total", "Records sent to a dead-letter topic", ["group", "topic"])
UNCOMMITTED = Gauge("bridge_uncommitted_records", "Records between the commit and the newest", ["group"])
PUBLISHED = Counter("bridge_published_total", "Records the broker acknowledged", ["topic"])
PUBLISH_FAILURES = Counter("bridge_publish_failures_total", "Records not acknowledged in time", ["topic"])
RELAYED = Counter("bridge_outbox_relayed_total", "Outbox rows published", ["schema"])
