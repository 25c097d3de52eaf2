-- additive
-- What the functions' user may do with onboardings. It may delete a consumer for this alone: a trigger looks.
--
-- Rollback:
--   REVOKE DELETE ON broker_access, consumer_usage, consumers FROM fintegrate_app;
--   REVOKE ALL ON onboardings FROM fintegrate_app;

BEGIN;

GRANT SELECT, INSERT, UPDATE ON onboardings TO fintegrate_app;
GRANT DELETE ON broker_access, consumer_usage, consumers TO fintegrate_app;

COMMIT;
