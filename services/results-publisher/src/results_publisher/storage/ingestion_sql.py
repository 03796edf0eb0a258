"""Statements of ingestion; all of them take whole batches."""

ADD_COMPANIES = """
INSERT INTO results_publisher.companies (company_id)
SELECT DISTINCT id FROM unnest($1::text[]) AS id ORDER BY id ON CONFLICT DO NOTHING
"""
ADD_ORDERS = """
INSERT INTO results_publisher.orders (order_id, company_id, kind, callback_url)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS n (id, company, kind, url) ORDER BY id
ON CONFLICT DO NOTHING
"""
SET_COMPANY = """
INSERT INTO results_publisher.companies AS c (company_id, state, changed_at) VALUES ($1, $2, $3)
ON CONFLICT (company_id) DO UPDATE SET state = $2, changed_at = $3,
    -- A minute later it is looked at again: credentials, not a missed event, decides.
    resume_at = CASE WHEN $2 = 'disabled' THEN now() + interval '60 seconds' END
WHERE c.changed_at IS NULL OR c.changed_at <= $3
RETURNING company_id
"""
RELEASE = """
UPDATE results_publisher.deliveries SET status = 'pending' WHERE company_id = $1 AND status = 'held'
"""
LOCK = """
SELECT order_id, company_id, kind, callback_url FROM results_publisher.orders
WHERE order_id = ANY($1::text[]) ORDER BY order_id FOR NO KEY UPDATE
"""
DOCUMENTS = """
SELECT order_id, document, status, changed_at FROM results_publisher.results WHERE order_id = ANY($1::text[])
"""
ERASED = "SELECT order_id FROM results_publisher.erased_orders WHERE order_id = ANY($1::text[])"
# An update that came beside the erasure of an order nobody here knew.
DROP_ERASED = """
DELETE FROM results_publisher.waiting_updates w USING results_publisher.erased_orders e
WHERE e.order_id = w.order_id
"""
TAKE_WAITING = """
DELETE FROM results_publisher.waiting_updates WHERE order_id = ANY($1::text[])
RETURNING id, event_id, order_id, update, traceparent, given_up_at
"""
SUPERSEDE = """
UPDATE results_publisher.deliveries SET status = 'superseded'
WHERE order_id = ANY($1::text[]) AND status = 'dead' AND reason = 'unknown_order'
"""
SAVE_DOCUMENTS = """
INSERT INTO results_publisher.results (order_id, document, status, changed_at)
SELECT * FROM unnest($1::text[], $2::json[], $3::text[], $4::timestamptz[])
ON CONFLICT (order_id) DO UPDATE
SET document = excluded.document, status = excluded.status, changed_at = excluded.changed_at,
    updated_at = now()
"""
# A delivery behind one that waits for its next attempt is not due before it: else it would look like work.
ADD_DELIVERIES = """
INSERT INTO results_publisher.deliveries
    (delivery_id, order_id, company_id, kind, body, result_status, status, reason, traceparent,
     due_at, held_at, finished_at)
SELECT n.id, n.order_id, n.company_id, n.kind, n.body, n.result_status,
    CASE WHEN held THEN 'held' ELSE n.status END, n.reason, n.traceparent,
    COALESCE((SELECT max(e.due_at) FROM results_publisher.deliveries e
              WHERE e.order_id = n.order_id AND e.status IN ('pending', 'held')), now()),
    CASE WHEN held THEN now() END,
    CASE WHEN n.status <> 'pending' THEN now() END
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::json[], $6::text[], $7::text[], $8::text[],
            $9::text[]) WITH ORDINALITY
    AS n (id, order_id, company_id, kind, body, result_status, status, reason, traceparent, place)
LEFT JOIN results_publisher.companies c ON c.company_id = n.company_id
CROSS JOIN LATERAL (SELECT n.status = 'pending' AND c.state IS NOT DISTINCT FROM 'disabled' AS held) h
ORDER BY n.place
ON CONFLICT (delivery_id) DO NOTHING
RETURNING delivery_id, order_id, company_id, kind, result_status, attempts, traceparent, status
"""
ADD_WAITING = """
INSERT INTO results_publisher.waiting_updates (event_id, order_id, update, traceparent)
SELECT id, order_id, body, traceparent FROM unnest($1::uuid[], $2::text[], $3::json[], $4::text[])
    WITH ORDINALITY AS n (id, order_id, body, traceparent, place) ORDER BY place
ON CONFLICT (event_id) DO NOTHING
"""
KNOWN_AFTER_ALL = """
SELECT DISTINCT order_id
FROM results_publisher.waiting_updates JOIN results_publisher.orders USING (order_id) LIMIT $1
"""
GIVE_UP = """
UPDATE results_publisher.waiting_updates SET given_up_at = $2::timestamptz WHERE id IN (
    SELECT id FROM results_publisher.waiting_updates
    WHERE given_up_at IS NULL AND received_at < $2::timestamptz - $1::interval
    ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED)
RETURNING id, event_id, order_id, update, traceparent, given_up_at
"""
FORGET = (
    """
    WITH gone AS (
        DELETE FROM results_publisher.deliveries WHERE delivery_id IN (
            SELECT delivery_id FROM results_publisher.deliveries
            WHERE finished_at < $1 LIMIT 5000)
        RETURNING delivery_id)
    DELETE FROM results_publisher.attempts WHERE delivery_id IN (SELECT delivery_id FROM gone)
    """,
    """
    DELETE FROM results_publisher.orders WHERE order_id IN (
        SELECT order_id FROM results_publisher.orders o
        WHERE placed_at < $1
          AND NOT EXISTS (SELECT FROM results_publisher.deliveries d WHERE d.order_id = o.order_id)
          AND NOT EXISTS (
              SELECT FROM results_publisher.results r WHERE r.order_id = o.order_id AND r.updated_at >= $1)
        LIMIT 5000)
    """,
    "DELETE FROM results_publisher.waiting_updates WHERE received_at < $1",
    "DELETE FROM results_publisher.erased_orders WHERE erased_at < $1",
)
