-- name: write_audit
INSERT INTO audit_log (request_id, consumer_id, key_id, action, status_code, reason, source_ip)
VALUES (%(request_id)s, %(consumer_id)s, %(key_id)s, %(action)s, %(status_code)s, %(reason)s,
        %(source_ip)s)
