"""What a graph needs: no ids in labels."""

from prometheus_client import Counter, Gauge

ATTEMPTS = Counter("results_publisher_attempts_total", "Attempts by outcome", ["outcome"])
IN_FLIGHT = Gauge("results_publisher_in_flight", "Requests to SmartRecruiters under way")
LANES = Gauge("results_publisher_lanes", "Companies this replica works on")
