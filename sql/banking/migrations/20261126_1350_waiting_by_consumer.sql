-- The partial indexes of waiting events are led by the consumer, so that no bank's backlog slows another's.
-- Each takes the place of one. Reads the table four times, and writes wait meanwhile.
-- Older code finds the same rows, but reads and sorts the whole backlog for each batch: not additive.
--
-- Rollback:
--   CREATE INDEX customer_events_pending
--       ON customer_events (created_at, event_id) WHERE publish_status = 'pending';
--   CREATE INDEX customer_events_undelivered
--       ON customer_events (created_at, event_id)
--       WHERE publish_status = 'published' AND deliver_status = 'pending';
--   CREATE INDEX customer_events_publish_failed
--       ON customer_events (created_at, event_id) WHERE publish_status = 'failed';
--   CREATE INDEX customer_events_delivery_failed
--       ON customer_events (created_at, event_id) WHERE deliver_status = 'failed';
--   DROP INDEX customer_events_pending_of_consumer, customer_events_undelivered_of_consumer,
--       customer_events_publish_failed_of_consumer, customer_events_delivery_failed_of_consumer;

BEGIN;

CREATE INDEX IF NOT EXISTS customer_events_pending_of_consumer
    ON customer_events (consumer_id, created_at, event_id) WHERE publish_status = 'pending';
CREATE INDEX IF NOT EXISTS customer_events_undelivered_of_consumer
    ON customer_events (consumer_id, created_at, event_id)
    WHERE publish_status = 'published' AND deliver_status = 'pending';
CREATE INDEX IF NOT EXISTS customer_events_publish_failed_of_consumer
    ON customer_events (consumer_id, created_at, event_id) WHERE publish_status = 'failed';
CREATE INDEX IF NOT EXISTS customer_events_delivery_failed_of_consumer
    ON customer_events (consumer_id, created_at, event_id) WHERE deliver_status = 'failed';

DROP INDEX IF EXISTS customer_events_pending, customer_events_undelivered,
    customer_events_publish_failed, customer_events_delivery_failed;

COMMIT;
