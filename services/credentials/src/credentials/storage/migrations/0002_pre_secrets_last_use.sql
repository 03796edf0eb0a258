-- When a token was last given for a secret: which one SmartRecruiters uses, while two are good.
ALTER TABLE credentials.client_credentials ADD COLUMN last_used_at timestamptz;
