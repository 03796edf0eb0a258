CREATE TABLE orders.orders (
    order_id text PRIMARY KEY,
    company_id text NOT NULL,
    kind text NOT NULL,
    package_id text NOT NULL,
    job_id text,
    candidate_id text,
    state text NOT NULL,
    publication text NOT NULL,
    placed_at timestamptz NOT NULL,
    requested_at timestamptz,
    answered_at timestamptz,
    late_since timestamptz,
    finished_at timestamptz
);
CREATE INDEX orders_newest ON orders.orders (placed_at DESC);
CREATE INDEX orders_newest_of_company ON orders.orders (company_id, placed_at DESC);
CREATE INDEX orders_without_end ON orders.orders (placed_at)
    WHERE state IN ('placed', 'requested', 'launched', 'in_progress');
CREATE INDEX orders_unanswered ON orders.orders (requested_at)
    WHERE state = 'requested' AND late_since IS NULL;

CREATE TABLE orders.timeline (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id text NOT NULL REFERENCES orders.orders (order_id) ON DELETE CASCADE,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    facts jsonb NOT NULL
);
CREATE INDEX timeline_of_order ON orders.timeline (order_id, id);

-- The only table with candidates' data, and only until the engine is asked.
CREATE TABLE orders.enrichments (
    order_id text PRIMARY KEY REFERENCES orders.orders (order_id) ON DELETE CASCADE,
    company_id text NOT NULL,
    due_at timestamptz NOT NULL,
    work bytea NOT NULL,
    attempts integer NOT NULL
);
CREATE INDEX enrichments_due ON orders.enrichments (company_id, due_at);

CREATE TABLE orders.companies (
    company_id text PRIMARY KEY,
    connected boolean NOT NULL,
    changed_at timestamptz NOT NULL
);

CREATE TABLE orders.inbox (
    event_id uuid NOT NULL,
    consumer text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, consumer)
);
CREATE INDEX inbox_received ON orders.inbox (received_at);

CREATE TABLE orders.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    topic text NOT NULL,
    key bytea NOT NULL,
    value bytea,
    headers jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Derived and rebuildable: written by orders-insights alone.
CREATE TABLE orders.insights (
    company_id text NOT NULL,
    starts_at timestamptz NOT NULL,
    partition integer NOT NULL,
    orders bigint NOT NULL,
    results bigint NOT NULL,
    failures bigint NOT NULL,
    late bigint NOT NULL,
    seconds_to_result double precision NOT NULL,
    timed_results bigint NOT NULL,
    PRIMARY KEY (company_id, starts_at, partition)
);
