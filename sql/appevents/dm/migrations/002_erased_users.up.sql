-- additive
-- A user can be erased: messages keep their places and lose their text.

BEGIN;

GRANT UPDATE (body) ON messages TO dm_db_app;

COMMIT;
