-- additive
-- A consumer chooses the format of its messages. The JSON of before is the default.
--
-- Rollback:
--   DROP FUNCTION sending_format(uuid);
--   ALTER TABLE consumers DROP COLUMN message_format;

BEGIN;

ALTER TABLE consumers ADD COLUMN IF NOT EXISTS message_format text NOT NULL DEFAULT 'json';
ALTER TABLE consumers DROP CONSTRAINT IF EXISTS consumers_message_format_check;
ALTER TABLE consumers ADD CONSTRAINT consumers_message_format_check
    CHECK (message_format IN ('json', 'xml'));

-- The format in which a consumer gets its messages, for statements that write an event and return it to be
-- sent. Planned once per connection.
CREATE OR REPLACE FUNCTION sending_format(of_consumer uuid) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT message_format FROM consumers WHERE consumer_id = of_consumer);
END
$$;

COMMIT;
