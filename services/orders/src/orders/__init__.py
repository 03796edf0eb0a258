"""Order state machine, enrichment, requests to engines and the timeline."""
