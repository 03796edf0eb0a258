"""A schema with an inbox and an outbox, as each service's first migration makes it."""

TABLES = """
CREATE SCHEMA box;
CREATE TABLE box.inbox (
    event_id uuid NOT NULL, consumer text NOT NULL, received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, consumer)
);
CREATE TABLE box.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid NOT NULL, topic text NOT NULL,
    key bytea NOT NULL, value bytea, headers jsonb NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
);
"""
