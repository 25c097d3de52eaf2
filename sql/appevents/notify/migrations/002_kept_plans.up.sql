-- additive
-- The statements of each request that tells events, as functions, which plan them once per connection.
-- docs/decisions/0009.

BEGIN;

-- Stores the events of a user that are new, and gives each its sequence; in the order of `place`. The user's row
-- of user_sequences is locked first, until the commit. So sequences grow in commit order, and of two requests
-- with one id the second sees the first. is_next says whether no earlier event of the user is pending: none can
-- be born before the commit. Returns the rows that were written; of the others the id stands already.
CREATE OR REPLACE FUNCTION accept_events(
    of_user uuid, items json, received timestamptz, request text, trace text
) RETURNS TABLE (id bigint, client_generated_id uuid, sequence bigint, is_next boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    last bigint;
    made bigint;
BEGIN
    SELECT last_sequence INTO last FROM user_sequences WHERE user_id = of_user FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        INSERT INTO user_sequences (user_id, last_sequence) VALUES (of_user, 0) ON CONFLICT DO NOTHING;
        SELECT last_sequence INTO last FROM user_sequences WHERE user_id = of_user FOR NO KEY UPDATE;
    END IF;
    RETURN QUERY
    INSERT INTO events AS e (user_id, client_generated_id, event_type, sequence, payload, content_hash,
                             told_at, effective_at, received_at, request_id, traceparent, erase_at)
    SELECT of_user, client_generated_id, event_type, last + row_number() OVER (ORDER BY place), data,
           content_hash, told_at, effective_at, received, request, trace, erase_at
    FROM json_to_recordset(items) AS given (
        place integer, client_generated_id uuid, event_type text, data json, content_hash text,
        told_at timestamptz, effective_at timestamptz, erase_at timestamptz)
    WHERE NOT EXISTS (SELECT FROM events known
                      WHERE known.user_id = of_user
                        AND known.client_generated_id = given.client_generated_id)
    ORDER BY place
    RETURNING e.id, e.client_generated_id, e.sequence,
              NOT EXISTS (SELECT FROM events earlier
                          WHERE earlier.user_id = of_user AND earlier.publish_status = 'pending');
    GET DIAGNOSTICS made = ROW_COUNT;
    IF made > 0 THEN
        UPDATE user_sequences SET last_sequence = last + made WHERE user_id = of_user;
    END IF;
END
$$;

-- Marks events that the broker has confirmed. It needs a transaction of its own, because the commit does not
-- wait for the disk. If the server crashes, a lost mark only causes one more publish.
CREATE OR REPLACE FUNCTION mark_events_published(of_ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE events
    SET publish_status = 'published', published_at = clock_timestamp(), publish_failure_reason = NULL
    WHERE id = ANY (of_ids) AND publish_status = 'pending';
END
$$;

COMMIT;
