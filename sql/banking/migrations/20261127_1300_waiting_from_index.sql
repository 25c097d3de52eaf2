-- additive
-- What waits is counted from the index alone: which customers are held back needs their ids and the events' numbers.
-- It takes the place of one with the same key. Reads the table once, and writes wait meanwhile.
--
-- Rollback:
--   CREATE INDEX customer_events_pending_of_consumer
--       ON customer_events (consumer_id, created_at, event_id) WHERE publish_status = 'pending';
--   DROP INDEX IF EXISTS customer_events_waiting_of_consumer;

BEGIN;

CREATE INDEX IF NOT EXISTS customer_events_waiting_of_consumer
    ON customer_events (consumer_id, created_at, event_id) INCLUDE (customer_id, sequence)
    WHERE publish_status = 'pending';

DROP INDEX IF EXISTS customer_events_pending_of_consumer;

COMMIT;
