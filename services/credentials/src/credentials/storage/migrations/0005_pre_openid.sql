-- Sign-ins under way at the identity provider: good once, only in the browser that began. Nonce and PKCE verifier
-- follow from the state (HMAC), so they are not kept.
CREATE TABLE credentials.openid_sign_ins (
    state_hash bytea PRIMARY KEY,
    browser_hash bytea NOT NULL,
    company_id text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX openid_sign_ins_expiry ON credentials.openid_sign_ins (expires_at);
-- Who a user is at the provider. An address may be given to somebody else there, a subject never is.
CREATE TABLE credentials.openid_subjects (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL REFERENCES credentials.users ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject),
    UNIQUE (issuer, user_id)
);
