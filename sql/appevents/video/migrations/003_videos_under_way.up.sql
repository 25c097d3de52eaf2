-- additive
-- The hourly upkeep looks for videos that nobody has settled.

BEGIN;

CREATE INDEX IF NOT EXISTS videos_under_way ON videos (uploaded_at) WHERE status IN ('uploaded', 'processing');

COMMIT;
