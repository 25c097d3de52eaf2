-- name: read
-- What is not done, of all users: events that wait for their outcome or for the broker, and the dead
-- letters that nobody has sent again.
SELECT (SELECT count(*) FROM events WHERE outcome_status IS NULL) AS unsettled_count,
       (SELECT count(*) FROM events WHERE publish_status = 'pending') AS unpublished_count,
       (SELECT extract(epoch FROM clock_timestamp() - min(received_at))::double precision
          FROM events
         WHERE outcome_status IS NULL) AS oldest_unsettled_age_seconds,
       (SELECT count(*) FROM dead_letters WHERE redriven_at IS NULL) AS dead_letter_count
