-- name: probe
SELECT 1 AS answered
