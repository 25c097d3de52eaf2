-- additive
-- The cause of a failure without what differs from event to event, and the id of the group of such failures.
--
-- Rollback:
--   DROP FUNCTION failure_group(uuid, text, text, text);
--   DROP FUNCTION normalised_reason(text);

BEGIN;

-- A reason without the ids, numbers and addresses in it: each word with a digit, an @ or a // becomes #. What
-- is normalised stays as it is.
CREATE OR REPLACE FUNCTION normalised_reason(reason text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN reason ~ '[0-9@]|//' THEN
        left(regexp_replace(reason, '[^\s,;=()"''<>{}]*([0-9@]|//)[^\s,;=()"''<>{}]*', '#', 'g'), 500)
    ELSE left(coalesce(reason, ''), 500) END
$$;

-- The id of a group of failures: of one bank, one state, one type of event and one normalised reason.
CREATE OR REPLACE FUNCTION failure_group(of_consumer uuid, state text, of_type text, reason text)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT left(md5(concat_ws(chr(31), of_consumer::text, state, of_type, normalised_reason(reason))), 16)
$$;

COMMIT;
