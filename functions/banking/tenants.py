"""The built-in consumer and the names that follow from a consumer's name."""

ADMIN_ID = "00000000-0000-0000-0000-000000000001"
ADMIN_NAME = "system_default"
