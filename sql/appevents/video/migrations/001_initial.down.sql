-- Removes everything that 001_initial.up.sql made.

BEGIN;

DROP TABLE IF EXISTS outbox;
DROP TABLE IF EXISTS inbox_attempts;
DROP TABLE IF EXISTS idempotency_keys;
DROP TABLE IF EXISTS unlikes;
DROP TABLE IF EXISTS likes;
DROP TABLE IF EXISTS comments;
DROP TABLE IF EXISTS feed_posts;
DROP TABLE IF EXISTS feed_grants;
DROP TABLE IF EXISTS feed_owners;
DROP TABLE IF EXISTS media_metadata;
DROP TABLE IF EXISTS videos;

COMMIT;
