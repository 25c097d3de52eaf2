"""The built-in consumer: the admin."""

ADMIN_ID = "00000000-0000-0000-0000-000000000001"
ADMIN_NAME = "system_default"
