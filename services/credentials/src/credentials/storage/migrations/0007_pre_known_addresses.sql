-- From where an account has signed in with the right password: what others try elsewhere locks nobody out there.
-- By HMAC of account and address.
CREATE TABLE credentials.known_addresses (
    pair bytea PRIMARY KEY,
    known_until timestamptz NOT NULL
);
