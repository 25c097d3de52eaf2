-- additive
-- What a request must know of its key, in the form in which it is read: the bounds that its consumer has used
-- up come from the same kept plan, and the statement around the function has nothing to compute. Older code
-- goes on with find_api_key and used_up.
--
-- Rollback:
--   DROP FUNCTION find_caller(uuid);

BEGIN;

CREATE OR REPLACE FUNCTION find_caller(
    key uuid,
    OUT owner_id uuid, OUT owner_name text, OUT owner_active boolean,
    OUT api_key_hash text, OUT api_key_status text, OUT expired boolean, OUT used_up text[]
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT c.consumer_id, c.name, c.status = 'active',
           k.api_key_hash, k.api_key_status, k.expires_at <= clock_timestamp(),
           CASE WHEN u.customers_full OR u.events_full THEN array_remove(ARRAY[
               CASE WHEN u.customers_full THEN 'customers' END,
               CASE WHEN u.events_full AND u.day = (clock_timestamp() AT TIME ZONE 'UTC')::date
                    THEN 'events' END], NULL) END
    INTO owner_id, owner_name, owner_active, api_key_hash, api_key_status, expired, used_up
    FROM consumer_api_keys k
    JOIN consumers c ON c.consumer_id = k.consumer_id
    LEFT JOIN consumer_usage u ON u.consumer_id = k.consumer_id
    WHERE k.key_id = key;
END
$$;

COMMIT;
