-- A user may own several organisations. users.organisation_id, and the trigger that turns it into a membership, are
-- the release before's: it goes on adding users while both run.
CREATE TABLE credentials.memberships (
    user_id uuid NOT NULL REFERENCES credentials.users ON DELETE CASCADE,
    organisation_id uuid NOT NULL REFERENCES credentials.organisations,
    PRIMARY KEY (user_id, organisation_id)
);
INSERT INTO credentials.memberships (user_id, organisation_id) SELECT id, organisation_id FROM credentials.users;
ALTER TABLE credentials.users ALTER COLUMN organisation_id DROP NOT NULL;
CREATE FUNCTION credentials.keep_membership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO credentials.memberships (user_id, organisation_id) VALUES (NEW.id, NEW.organisation_id);
    RETURN NULL;
END $$;
CREATE TRIGGER keep_membership AFTER INSERT ON credentials.users
    FOR EACH ROW WHEN (NEW.organisation_id IS NOT NULL) EXECUTE FUNCTION credentials.keep_membership();
-- The organisation a sign-in connects for; none until the user has chosen.
ALTER TABLE credentials.consent_tickets ADD COLUMN organisation_id uuid REFERENCES credentials.organisations;
