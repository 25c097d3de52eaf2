-- One word for the state of an event. Code that calls it must be rolled back first.
--
-- additive
--
-- Rollback:
--   DROP FUNCTION event_state(text, text, text, text, boolean);

BEGIN;

-- The state of an event, in one word: its statuses, why its delivery failed, its receipt's status (NULL
-- without one), and whether an earlier event of its customer is pending. The last two arguments are only looked
-- at where they decide, because the planner puts the body in the place of the call. A delivery that failed
-- without the bank's word has the reason that the sweep of dead letters writes. An event that was sent again is
-- in the queue, whatever its receipt said of the copy before. A receipt that is gone was processed.
CREATE OR REPLACE FUNCTION event_state(
    publish_status text, deliver_status text, deliver_failure_reason text, receipt_status text,
    is_behind boolean
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE publish_status
        WHEN 'pending' THEN CASE WHEN is_behind THEN 'held_back' ELSE 'waiting' END
        WHEN 'failed' THEN 'publish_failed'
        ELSE CASE deliver_status
            WHEN 'pending' THEN 'in_queue'
            WHEN 'delivered' THEN
                CASE WHEN receipt_status = 'received' THEN 'received' ELSE 'processed' END
            ELSE CASE WHEN deliver_failure_reason LIKE 'dead-lettered: %'
                      THEN 'dead_lettered' ELSE 'delivery_failed' END
        END
    END
$$;

COMMIT;
