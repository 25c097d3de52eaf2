"""The settings of app.events, read by `fintegrate.settings.load(Configuration, environment)`."""

from dataclasses import dataclass, field

SERVICE = "fintegrate_app"
"""The service's name in log lines, and the prefix of the names of metrics."""
CLOUDWATCH_NAMESPACE = "Fintegrate/AppEvents"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Every setting of app.events; the variable is the field's name in upper case.

    A function has the databases of the services that it serves, and no other.
    """

    app_rabbitmq_url: str = field(repr=False)
    """With the virtual host of these queues, which has a user of its own."""
    redis_url: str = field(repr=False)
    rabbitmq_management_url: str = field(default="", repr=False)
    """With the broker's administrator. Only `prepare_broker` has it."""

    notify_database_url: str = field(default="", repr=False)
    notify_database_owner_url: str = field(default="", repr=False)
    notify_database_master_url: str = field(default="", repr=False)
    video_database_url: str = field(default="", repr=False)
    video_database_owner_url: str = field(default="", repr=False)
    video_database_master_url: str = field(default="", repr=False)
    settings_database_url: str = field(default="", repr=False)
    settings_database_owner_url: str = field(default="", repr=False)
    settings_database_master_url: str = field(default="", repr=False)
    program_database_url: str = field(default="", repr=False)
    program_database_owner_url: str = field(default="", repr=False)
    program_database_master_url: str = field(default="", repr=False)
    dm_database_url: str = field(default="", repr=False)
    dm_database_owner_url: str = field(default="", repr=False)
    dm_database_master_url: str = field(default="", repr=False)
    machine_database_url: str = field(default="", repr=False)
    machine_database_owner_url: str = field(default="", repr=False)
    machine_database_master_url: str = field(default="", repr=False)

    jwt_issuer: str = ""
    jwt_audience: str = ""
    jwt_algorithms: str = ""
    """Separated by commas, such as RS256."""
    jwt_jwks_url: str = ""
    """Where the issuer has its public keys. Either this, or a shared secret."""
    jwt_shared_secret: str = field(default="", repr=False)
    """For HS256, at least 32 bytes."""
    app_admin_key_hashes: str = ""
    """SHA-256 of each key that operators may send as X-API-Key, separated by commas. Without one there
    is no operator."""

    console_pass_key: str = field(default="", repr=False)
    """The secret that signs the passes of the console's operators; without one none is taken."""

    cors_origins: str = ""
    """The origins whose pages may read the answers, separated by commas, such as
    https://app.example.com; `*` alone for any. Answers allow no cookies: a token is in a header."""

    app_keys: str = field(default="", repr=False)
    """The ring that seals secrets: a JSON object, key id to Fernet key. The first key writes."""

    object_store_endpoint: str = ""
    """Where the bucket of videos is, such as https://s3.eu-central-1.amazonaws.com."""
    object_store_region: str = "us-east-1"
    object_store_bucket: str = ""
    object_store_access_key: str = ""
    """Without it the function's role signs."""
    object_store_secret_key: str = field(default="", repr=False)
    object_store_addressing: str = "path"
    """`virtual` where the bucket is a part of the host's name."""
    object_store_put_once: int = 1
    """0 for a store that does not know If-None-Match, which lets an object be written only once."""
    max_upload_bytes: int = field(default=524_288_000, metadata={"least": 1})
    upload_part_bytes: int = field(default=16_777_216, metadata={"least": 5_242_880})
    upload_parts_from_bytes: int = field(default=104_857_600, metadata={"least": 1})
    """Larger files are uploaded in parts."""
    upload_expires_seconds: int = field(default=86_400, metadata={"least": 1})
    upload_url_seconds: int = field(default=900, metadata={"least": 1})
    videos_under_way: int = field(default=20, metadata={"least": 1})
    """Uploaded videos of one user that wait to be processed, at most: all users share one lane."""
    feed_access_jwks_url: str = ""
    """Where the public keys of feed access tokens are, if another API answers for the settings."""

    ai_endpoint: str = ""
    """A server that speaks OpenAI's chat format, such as https://ai.example.com. The AI is off unless
    this, the key and the model are set."""
    ai_api_key: str = field(default="", repr=False)
    ai_model: str = ""
    ai_chat_path: str = "/api/chat/completions"
    """Open WebUI's; OpenAI's own is /v1/chat/completions."""
    ai_timeout_seconds: int = field(default=20, metadata={"least": 1})
    """From resolving the name to the last byte; at most 25."""

    stage: str = "local"
    log_level: str = "INFO"
    app_max_body_bytes: int = 1_048_576
    app_rate_limit_user_per_minute: int = field(default=120, metadata={"least": 1})
    app_rate_limit_user_burst: int = field(default=600, metadata={"least": 1})
    redis_timeout_ms: int = 50
    redis_retry_seconds: int = 10

    database_connect_timeout_seconds: int = 3
    database_statement_timeout_ms: int = 10_000
    database_lock_timeout_ms: int = 3_000
    database_options: str = "startup"
    publish_timeout_ms: int = 1_000
    publish_handoff_seconds: int = 5
    """A sweep takes an event that a request may still be publishing only after this time."""
    breaker_failures: int = 5
    breaker_open_seconds: int = 30

    passcode_tries: int = field(default=5, metadata={"least": 1})
    """Of one viewer at one feed, in `passcode_tries_seconds`."""
    passcode_all_feeds_tries: int = field(default=20, metadata={"least": 1})
    """Of one viewer at all feeds together, in `passcode_tries_seconds`. Each costs a bcrypt run."""
    passcode_tries_seconds: int = field(default=900, metadata={"least": 1})
    passcode_owner_tries: int = field(default=100, metadata={"least": 1})
    """Of all viewers at one feed, in `passcode_owner_tries_seconds`."""
    passcode_owner_tries_seconds: int = field(default=3_600, metadata={"least": 1})
    feed_access_seconds: int = field(default=86_400, metadata={"least": 1})
    """How long a feed access token is valid, and a former key is shown."""

    app_queue_type: str = "quorum"
    app_retry_seconds: str = "1,5,30,120,600"
    """The waits before the tries of a message that may succeed later."""
    app_sweep_seconds: int = field(default=20, metadata={"least": 1})
    app_sweep_batch: int = field(default=1_000, metadata={"least": 1})
    app_event_days: int = field(default=90, metadata={"least": 1})
    """Events and dead letters go after this time; the services' keys of them never before 90 days."""
    app_audit_days: int = field(default=365, metadata={"least": 7})
    """The database keeps younger rows, whoever deletes them."""
    app_payload_hours: int = field(default=24, metadata={"least": 0})
    """The content of an event goes so long after it was settled."""
    app_purge_seconds: int = field(default=20, metadata={"least": 1})
