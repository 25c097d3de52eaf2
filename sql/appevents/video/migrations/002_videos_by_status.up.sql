-- additive
-- A user's videos by status: the list read all of a user's videos to find those of a rare status.

BEGIN;

CREATE INDEX IF NOT EXISTS videos_by_status ON videos (user_id, status, created_at DESC, video_id DESC);

COMMIT;
