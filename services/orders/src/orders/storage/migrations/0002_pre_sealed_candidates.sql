-- The candidate under a key of the order alone (ADR 12). candidate_id stays for the release before, and empty.
ALTER TABLE orders.orders
    ADD COLUMN sealed text,
    ADD COLUMN erased_at timestamptz,
    ADD COLUMN results_erased_at timestamptz;
UPDATE orders.orders SET candidate_id = NULL WHERE candidate_id IS NOT NULL;
CREATE INDEX orders_kept ON orders.orders (finished_at) WHERE erased_at IS NULL AND finished_at IS NOT NULL;
CREATE INDEX orders_being_erased ON orders.orders (erased_at)
    WHERE erased_at IS NOT NULL AND results_erased_at IS NULL;
