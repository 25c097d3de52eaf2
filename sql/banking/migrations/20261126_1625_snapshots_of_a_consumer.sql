-- additive
-- The snapshots of a consumer are bounded, too. Those of before are counted when the next day (UTC) begins.
--
-- Rollback:
--   CREATE OR REPLACE FUNCTION find_caller(
--       key uuid,
--       OUT owner_id uuid, OUT owner_name text, OUT owner_active boolean,
--       OUT api_key_hash text, OUT api_key_status text, OUT expired boolean, OUT used_up text[]
--   ) LANGUAGE plpgsql STABLE AS $$
--   BEGIN
--       SELECT c.consumer_id, c.name, c.status = 'active',
--              k.api_key_hash, k.api_key_status, k.expires_at <= clock_timestamp(),
--              CASE WHEN u.customers_full OR u.events_full THEN array_remove(ARRAY[
--                  CASE WHEN u.customers_full THEN 'customers' END,
--                  CASE WHEN u.events_full AND u.day = (clock_timestamp() AT TIME ZONE 'UTC')::date
--                       THEN 'events' END], NULL) END
--       INTO owner_id, owner_name, owner_active, api_key_hash, api_key_status, expired, used_up
--       FROM consumer_api_keys k
--       JOIN consumers c ON c.consumer_id = k.consumer_id
--       LEFT JOIN consumer_usage u ON u.consumer_id = k.consumer_id
--       WHERE k.key_id = key;
--   END
--   $$;
--   DROP INDEX customer_analytics_by_consumer;
--   ALTER TABLE consumer_usage DROP COLUMN snapshots, DROP COLUMN snapshots_full;

BEGIN;

ALTER TABLE consumer_usage
    ADD COLUMN IF NOT EXISTS snapshots bigint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS snapshots_full boolean NOT NULL DEFAULT false;

-- For count_usage.
CREATE INDEX IF NOT EXISTS customer_analytics_by_consumer
    ON customer_analytics (consumer_id, snapshot_at);

CREATE OR REPLACE FUNCTION find_caller(
    key uuid,
    OUT owner_id uuid, OUT owner_name text, OUT owner_active boolean,
    OUT api_key_hash text, OUT api_key_status text, OUT expired boolean, OUT used_up text[]
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT c.consumer_id, c.name, c.status = 'active',
           k.api_key_hash, k.api_key_status, k.expires_at <= clock_timestamp(),
           CASE WHEN u.customers_full OR u.events_full OR u.snapshots_full THEN array_remove(ARRAY[
               CASE WHEN u.customers_full THEN 'customers' END,
               CASE WHEN u.events_full AND u.day = (clock_timestamp() AT TIME ZONE 'UTC')::date
                    THEN 'events' END,
               CASE WHEN u.snapshots_full THEN 'snapshots' END], NULL) END
    INTO owner_id, owner_name, owner_active, api_key_hash, api_key_status, expired, used_up
    FROM consumer_api_keys k
    JOIN consumers c ON c.consumer_id = k.consumer_id
    LEFT JOIN consumer_usage u ON u.consumer_id = k.consumer_id
    WHERE k.key_id = key;
END
$$;

COMMIT;
