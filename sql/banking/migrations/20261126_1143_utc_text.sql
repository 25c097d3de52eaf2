-- The text of a time in UTC, for JSON that the database makes. Code that calls it must be rolled back first,
-- and so must the migration after this one.
--
-- Rollback:
--   DROP FUNCTION utc_text(timestamptz);

BEGIN;

-- A time as messages show it: in UTC and with six digits, whatever the zone of the session. JSON functions
-- would write a timestamptz in the session's zone.
CREATE OR REPLACE FUNCTION utc_text(at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
$$;

COMMIT;
