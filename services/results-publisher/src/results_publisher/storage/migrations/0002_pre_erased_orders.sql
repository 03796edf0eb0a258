-- Orders whose candidate was erased: what still comes of them is dropped.
CREATE TABLE results_publisher.erased_orders (
    order_id text PRIMARY KEY,
    company_id text NOT NULL,
    erased_at timestamptz NOT NULL
);
CREATE INDEX erased_orders_age ON results_publisher.erased_orders (erased_at);
