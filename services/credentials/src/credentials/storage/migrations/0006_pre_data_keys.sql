-- Keys that seal, themselves wrapped by the key service and bound to their id; none where ENCRYPTION_KEYS seals.
CREATE TABLE credentials.data_keys (
    id text PRIMARY KEY,
    wrapped text NOT NULL,
    created_at timestamptz NOT NULL
);
-- What a secret of the settings has to be: an HMAC of nothing under it, so that another one is noticed.
CREATE TABLE credentials.secret_checks (
    name text PRIMARY KEY,
    digest bytea NOT NULL
);
