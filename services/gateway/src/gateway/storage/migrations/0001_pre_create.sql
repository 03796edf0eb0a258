CREATE SCHEMA IF NOT EXISTS gateway;

-- Orders that Kafka did not take in time, in the order they came; relayed and deleted when it is back.
CREATE TABLE gateway.spool (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    topic text NOT NULL,
    key bytea NOT NULL,
    value bytea NOT NULL,
    headers jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Where a candidate's browser goes for an order, as engines said last.
CREATE TABLE gateway.launches (
    order_id text PRIMARY KEY,
    launch_url text,
    finished boolean NOT NULL DEFAULT false,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX launches_updated_at ON gateway.launches (updated_at);
