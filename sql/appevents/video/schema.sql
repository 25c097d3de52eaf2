-- The result of the migrations, for readers. A test compares the two, so change this file in the same
-- commit as the migration. Times are timestamptz in UTC. No table is read by another service.

-- ---------------------------------------------------------------------------------------------
-- Videos, from the request for an upload to the processed files
-- ---------------------------------------------------------------------------------------------

-- A video has the id of the event, or the request, that asked for its upload. upload_id is the store's
-- name of a multipart upload. etag is that of the object that was looked at when the upload was
-- completed: no other content is ever processed. original_removed_at says that the object is gone.
CREATE TABLE videos (
    video_id            uuid        NOT NULL,
    user_id             uuid        NOT NULL,
    filename            text        NOT NULL,
    content_type        text        NOT NULL,
    size_bytes          bigint      NOT NULL,
    title               text,
    status              text        NOT NULL DEFAULT 'awaiting_upload',
    upload_id           text,
    etag                text,
    failure_code        text,
    failure_reason      text,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at          timestamptz NOT NULL,
    uploaded_at         timestamptz,
    settled_at          timestamptz,
    original_removed_at timestamptz,
    CONSTRAINT videos_pkey PRIMARY KEY (video_id),
    CONSTRAINT videos_size_bytes_check CHECK (size_bytes > 0),
    CONSTRAINT videos_status_check CHECK (status IN ('awaiting_upload', 'uploaded', 'processing',
                                                     'processed', 'failed', 'expired')),
    CONSTRAINT videos_etag_check CHECK (status IN ('awaiting_upload', 'expired') OR etag IS NOT NULL),
    CONSTRAINT videos_failure_check CHECK ((status = 'failed') = (failure_code IS NOT NULL))
);

CREATE INDEX videos_by_user ON videos (user_id, created_at DESC, video_id DESC);
CREATE INDEX videos_by_status ON videos (user_id, status, created_at DESC, video_id DESC);
CREATE INDEX videos_by_time ON videos (created_at, video_id);
CREATE INDEX videos_unsettled ON videos (created_at, video_id) WHERE settled_at IS NULL;
CREATE INDEX videos_failed ON videos (created_at, video_id) WHERE status = 'failed';
CREATE INDEX videos_awaiting ON videos (expires_at) WHERE status = 'awaiting_upload';
CREATE INDEX videos_under_way ON videos (uploaded_at) WHERE status IN ('uploaded', 'processing');
CREATE INDEX videos_with_original
    ON videos (settled_at) WHERE settled_at IS NOT NULL AND original_removed_at IS NULL;

-- What the processed file of a video is.
CREATE TABLE media_metadata (
    video_id      uuid        NOT NULL,
    video_key     text        NOT NULL,
    thumbnail_key text        NOT NULL,
    duration_ms   integer     NOT NULL,
    width         integer     NOT NULL,
    height        integer     NOT NULL,
    fps           real        NOT NULL,
    video_codec   text        NOT NULL,
    audio_codec   text,
    size_bytes    bigint      NOT NULL,
    processed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT media_metadata_pkey PRIMARY KEY (video_id)
);

-- ---------------------------------------------------------------------------------------------
-- Feeds: posts, who may see them, comments and likes
-- ---------------------------------------------------------------------------------------------

-- What the owner of a feed decided elsewhere. access_version only grows. An owner without a row has a
-- public feed.
CREATE TABLE feed_owners (
    owner_id       uuid        NOT NULL,
    visibility     text        NOT NULL DEFAULT 'public',
    access_version bigint      NOT NULL DEFAULT 0,
    changed_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT feed_owners_pkey PRIMARY KEY (owner_id),
    CONSTRAINT feed_owners_visibility_check CHECK (visibility IN ('public', 'passcode'))
);

-- Who gave a feed's passcode. A grant counts while its version is the owner's present one.
CREATE TABLE feed_grants (
    owner_id       uuid        NOT NULL,
    viewer_id      uuid        NOT NULL,
    access_version bigint      NOT NULL,
    expires_at     timestamptz NOT NULL,
    CONSTRAINT feed_grants_pkey PRIMARY KEY (owner_id, viewer_id)
);

CREATE INDEX feed_grants_by_end ON feed_grants (expires_at);

-- Processed videos in their owners' feeds, with all that a page of a feed shows. is_public repeats the
-- owner's visibility and changes in the same statement. comment_count and like_count are the numbers of
-- rows in comments that are not deleted, and in likes; pages are updated in place, so they are not full.
-- media_removed_at says that the files of a deleted post are gone.
CREATE TABLE feed_posts (
    post_id          uuid        NOT NULL,
    owner_id         uuid        NOT NULL,
    video_id         uuid        NOT NULL,
    title            text,
    is_public        boolean     NOT NULL,
    video_key        text        NOT NULL,
    thumbnail_key    text        NOT NULL,
    duration_ms      integer     NOT NULL,
    width            integer     NOT NULL,
    height           integer     NOT NULL,
    like_count       bigint      NOT NULL DEFAULT 0,
    comment_count    bigint      NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    deleted_at       timestamptz,
    media_removed_at timestamptz,
    CONSTRAINT feed_posts_pkey PRIMARY KEY (post_id),
    CONSTRAINT feed_posts_video_id_key UNIQUE (video_id),
    CONSTRAINT feed_posts_counts_check CHECK (like_count >= 0 AND comment_count >= 0)
) WITH (fillfactor = 90);

CREATE INDEX feed_posts_public
    ON feed_posts (created_at DESC, post_id DESC) WHERE is_public AND deleted_at IS NULL;
CREATE INDEX feed_posts_by_owner
    ON feed_posts (owner_id, created_at DESC, post_id DESC) WHERE deleted_at IS NULL;
CREATE INDEX feed_posts_with_media
    ON feed_posts (deleted_at) WHERE deleted_at IS NOT NULL AND media_removed_at IS NULL;

-- Comments of posts. Whoever changes one has the post's row locked. A deleted comment has no text.
-- is_listed is false for a deleted one below which nothing is listed. reply_count is the number of its
-- listed direct replies.
CREATE TABLE comments (
    comment_id  uuid        NOT NULL,
    post_id     uuid        NOT NULL,
    parent_id   uuid,
    user_id     uuid        NOT NULL,
    body        text        NOT NULL,
    depth       integer     NOT NULL,
    reply_count bigint      NOT NULL DEFAULT 0,
    like_count  bigint      NOT NULL DEFAULT 0,
    is_listed   boolean     NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    deleted_at  timestamptz,
    CONSTRAINT comments_pkey PRIMARY KEY (comment_id),
    CONSTRAINT comments_depth_check CHECK (depth BETWEEN 1 AND 8 AND (depth = 1) = (parent_id IS NULL)),
    CONSTRAINT comments_body_check CHECK ((deleted_at IS NULL) = (body <> '')),
    CONSTRAINT comments_counts_check CHECK (reply_count >= 0 AND like_count >= 0)
) WITH (fillfactor = 90);

CREATE INDEX comments_of_post
    ON comments (post_id, created_at, comment_id) WHERE parent_id IS NULL AND is_listed;
CREATE INDEX comments_of_parent
    ON comments (parent_id, created_at, comment_id) WHERE parent_id IS NOT NULL AND is_listed;

-- Who likes what. Whoever changes a row has the target's row locked.
CREATE TABLE likes (
    target_id   uuid        NOT NULL,
    user_id     uuid        NOT NULL,
    target_type text        NOT NULL,
    sequence    bigint,
    told_at     timestamptz NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT likes_pkey PRIMARY KEY (target_id, user_id),
    CONSTRAINT likes_target_type_check CHECK (target_type IN ('post', 'comment'))
);

CREATE INDEX likes_by_time ON likes (target_id, created_at, user_id);

-- Who took a like back, and when: so that an older like that comes late brings nothing back.
CREATE TABLE unlikes (
    target_id uuid        NOT NULL,
    user_id   uuid        NOT NULL,
    sequence  bigint,
    told_at   timestamptz NOT NULL,
    CONSTRAINT unlikes_pkey PRIMARY KEY (target_id, user_id)
);

-- ---------------------------------------------------------------------------------------------
-- The inbox and the outbox: each service has both
-- ---------------------------------------------------------------------------------------------

-- The events that were applied or rejected here, each once. Kept longer than a queue can hold a message.
CREATE TABLE idempotency_keys (
    user_id             uuid        NOT NULL,
    client_generated_id uuid        NOT NULL,
    event_type          text        NOT NULL,
    outcome             text        NOT NULL,
    processed_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, client_generated_id),
    CONSTRAINT idempotency_keys_outcome_check CHECK (outcome IN ('processed', 'rejected'))
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (processed_at);

-- Messages that came again, and how often a function has begun them without an end. message is a hash of
-- its id and body.
CREATE TABLE inbox_attempts (
    message  text        NOT NULL,
    starts   integer     NOT NULL DEFAULT 1,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT inbox_attempts_pkey PRIMARY KEY (message)
);

-- Events of this service, written with what they tell. failure_reason also says that no function is
-- publishing a row any more. Rows go a day after they were published.
CREATE TABLE outbox (
    id                  bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    event_type          text        NOT NULL,
    client_generated_id uuid        NOT NULL,
    user_id             uuid        NOT NULL,
    causation_id        uuid,
    data                json        NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    publish_status      text        NOT NULL DEFAULT 'pending',
    published_at        timestamptz,
    try_count           integer     NOT NULL DEFAULT 0,
    failure_reason      text,
    CONSTRAINT outbox_pkey PRIMARY KEY (id),
    CONSTRAINT outbox_publish_status_check CHECK (publish_status IN ('pending', 'published'))
);

CREATE INDEX outbox_pending ON outbox (id) WHERE publish_status = 'pending';
CREATE INDEX outbox_by_age ON outbox (published_at) WHERE publish_status = 'published';

CREATE TABLE migration_history (
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    additive   boolean     NOT NULL DEFAULT false,
    CONSTRAINT migration_history_pkey PRIMARY KEY (name)
);

-- ---------------------------------------------------------------------------------------------
-- What the functions' user may do: with each table what a statement of theirs does. It owns nothing.
-- ---------------------------------------------------------------------------------------------

GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys, inbox_attempts TO video_db_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO video_db_app;
GRANT SELECT, INSERT ON media_metadata TO video_db_app;
GRANT SELECT, INSERT, UPDATE ON videos, feed_owners, feed_posts, comments TO video_db_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON likes, unlikes, feed_grants TO video_db_app;
