-- People of the vendor's customers who may connect a company on the consent page.
CREATE TABLE credentials.organisations (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL
);
CREATE TABLE credentials.users (
    id uuid PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES credentials.organisations,
    email text NOT NULL,
    login text NOT NULL UNIQUE,
    name text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL
);
-- By HMAC of what was typed: accounts that do not exist are counted too, and no address is kept.
CREATE TABLE credentials.sign_in_attempts (
    account bytea PRIMARY KEY,
    failures integer NOT NULL,
    blocked_until timestamptz,
    counted_at timestamptz NOT NULL
);
CREATE TABLE credentials.consent_tickets (
    hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES credentials.users ON DELETE CASCADE,
    company_id text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_for text CHECK (used_for IN ('grant', 'denial')),
    exchange_id uuid
);
CREATE INDEX consent_tickets_expiry ON credentials.consent_tickets (expires_at);

-- exchange_id and exchange_until are the lease of the exchange under way; connected_by the one that succeeded last.
CREATE TABLE credentials.integrations (
    company_id text PRIMARY KEY,
    organisation_id uuid NOT NULL REFERENCES credentials.organisations,
    client_id text NOT NULL UNIQUE,
    state text NOT NULL CHECK (state IN ('pending', 'connected', 'disabled')),
    changed_at timestamptz NOT NULL,
    connected_by uuid,
    exchange_id uuid,
    exchange_until timestamptz
);
-- What we issue to SmartRecruiters: HMAC only. Ended and abandoned versions stay as history, without their hash.
CREATE TABLE credentials.client_credentials (
    company_id text NOT NULL REFERENCES credentials.integrations,
    version integer NOT NULL,
    exchange_id uuid,
    secret_hash bytea,
    state text NOT NULL CHECK (state IN ('pending', 'active', 'ended', 'abandoned')),
    created_at timestamptz NOT NULL,
    valid_until timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (company_id, version),
    CHECK ((secret_hash IS NOT NULL) = (state IN ('pending', 'active')))
);
CREATE INDEX client_credentials_overlap ON credentials.client_credentials (valid_until) WHERE state = 'active';
-- What SmartRecruiters issued to us: AES-256-GCM, bound to company and version.
CREATE TABLE credentials.smartrecruiters_credentials (
    company_id text PRIMARY KEY REFERENCES credentials.integrations,
    version integer NOT NULL,
    client_id text NOT NULL,
    key_id text NOT NULL,
    sealed bytea NOT NULL,
    stored_at timestamptz NOT NULL
);
CREATE TABLE credentials.signing_keys (
    kid text PRIMARY KEY,
    public_jwk jsonb NOT NULL,
    key_id text NOT NULL,
    sealed bytea NOT NULL,
    active_from timestamptz NOT NULL,
    retires_at timestamptz
);
-- The connection's timeline; reason is an error's code. Nothing personal: a user is an id.
CREATE TABLE credentials.connection_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    company_id text NOT NULL,
    at timestamptz NOT NULL,
    what text NOT NULL,
    version integer,
    reason text,
    user_id uuid
);
CREATE INDEX connection_events_company ON credentials.connection_events (company_id, id);

CREATE TABLE credentials.inbox (
    event_id uuid NOT NULL, consumer text NOT NULL, received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (event_id, consumer)
);
CREATE TABLE credentials.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid NOT NULL, topic text NOT NULL,
    key bytea NOT NULL, value bytea, headers jsonb NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
);
