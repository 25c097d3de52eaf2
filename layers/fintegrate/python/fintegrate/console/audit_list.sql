-- name: list_rows
-- One source is chosen, an index in the order of the list. The values stand in the statement's text, so the
-- planner sees the chosen condition alone. `most` of its rows are looked at; the row at which the search ended
-- comes with each row of the page, or alone.
WITH looked AS MATERIALIZED (
    SELECT audit_id, created_at, request_id, actor, action, status_code
    FROM audit_log
    WHERE (NOT %(of_request)s OR request_id = %(request_id)s)
      AND (NOT %(of_actor)s OR actor = %(actor)s)
      AND (NOT %(of_action)s OR action = %(action)s)
      AND (NOT %(of_status)s OR status_code = %(status_code)s)
      AND (%(begin)s::timestamptz IS NULL OR created_at >= %(begin)s)
      AND (%(end)s::timestamptz IS NULL OR created_at < %(end)s)
      AND (%(after_at)s::timestamptz IS NULL
           OR (created_at, audit_id) < (%(after_at)s, %(after_id)s::uuid))
    ORDER BY created_at DESC, audit_id DESC
    LIMIT %(most)s
), page AS (
    SELECT audit_id
    FROM looked
    WHERE (%(request_id)s::text IS NULL OR request_id = %(request_id)s)
      AND (%(actor)s::text IS NULL OR actor = %(actor)s)
      AND (%(action)s::text IS NULL OR action = %(action)s)
      AND (%(status_code)s::integer IS NULL OR status_code = %(status_code)s)
    ORDER BY created_at DESC, audit_id DESC
    LIMIT %(limit)s + 1
)
SELECT a.audit_id, a.created_at, a.actor, a.session_id, a.key_id, a.action, a.status_code, a.reason, a.details,
       a.request_id, a.source_ip, a.owner_id, ended.created_at AS ended_at, ended.audit_id AS ended_id
FROM (VALUES (1)) one (row)
LEFT JOIN (SELECT created_at, audit_id FROM looked
           ORDER BY created_at DESC, audit_id DESC OFFSET %(most)s - 1) ended ON true
LEFT JOIN (page JOIN audit_log a USING (audit_id)) ON true
ORDER BY a.created_at DESC, a.audit_id DESC
