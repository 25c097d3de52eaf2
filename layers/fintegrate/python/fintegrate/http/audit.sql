-- name: write_audit
INSERT INTO audit_log (request_id, owner_id, key_id, action, status_code, reason, source_ip, actor,
                       session_id, subject_owner_id, details)
VALUES (%(request_id)s, %(owner_id)s, %(key_id)s, %(action)s, %(status_code)s, %(reason)s,
        %(source_ip)s, %(actor)s, %(session_id)s, %(subject_owner_id)s, %(details)s::jsonb)
