-- One key for each order's candidate: AES-256, sealed under ENCRYPTION_KEYS and bound to its row; gone once
-- erased_at is set. candidate and email are HMACs, told once orders has read the order; until then it is unbound.
CREATE TABLE credentials.candidate_keys (
    id uuid PRIMARY KEY,
    key_id text,
    sealed bytea,
    created_at timestamptz NOT NULL,
    bound_at timestamptz,
    company_id text,
    order_id text,
    candidate bytea,
    email bytea,
    erased_at timestamptz,
    CHECK ((sealed IS NULL) = (erased_at IS NOT NULL) AND (key_id IS NULL) = (sealed IS NULL))
);
CREATE INDEX candidate_keys_order ON credentials.candidate_keys (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX candidate_keys_candidate ON credentials.candidate_keys (candidate) WHERE candidate IS NOT NULL;
CREATE INDEX candidate_keys_email ON credentials.candidate_keys (email) WHERE email IS NOT NULL;
CREATE INDEX candidate_keys_unbound ON credentials.candidate_keys (created_at) WHERE bound_at IS NULL;
CREATE INDEX candidate_keys_erased ON credentials.candidate_keys (erased_at) WHERE erased_at IS NOT NULL;
-- Whom to erase when an order that was placed before turns up after: HMACs of candidate, e-mail or order.
CREATE TABLE credentials.candidate_erasures (
    subject bytea PRIMARY KEY,
    erased_at timestamptz NOT NULL
);
CREATE INDEX candidate_erasures_age ON credentials.candidate_erasures (erased_at);
-- The key orders are sealed to where no candidate key was at hand (ECDH-ES).
CREATE TABLE credentials.wrapping_keys (
    kid text PRIMARY KEY,
    public_jwk jsonb NOT NULL,
    key_id text NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL
);
