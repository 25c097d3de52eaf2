-- additive
-- The console lists the uploads of all users by time.

BEGIN;

CREATE INDEX IF NOT EXISTS videos_by_time ON videos (created_at, video_id);
CREATE INDEX IF NOT EXISTS videos_unsettled ON videos (created_at, video_id) WHERE settled_at IS NULL;
CREATE INDEX IF NOT EXISTS videos_failed ON videos (created_at, video_id) WHERE status = 'failed';

COMMIT;
