"""Banking's settings, read by `fintegrate.settings.load(Configuration, environment)`."""

from dataclasses import dataclass, field

SERVICE = "fintegrate"
"""The service's name in log lines, and the prefix of the names of metrics."""
CLOUDWATCH_NAMESPACE = "Fintegrate"
"""The namespace of the CloudWatch metrics; the alarms of infra/monitoring/banking.yaml use it too."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Every setting of banking; the variable is the field's name in upper case."""

    database_url: str = field(repr=False)
    rabbitmq_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    database_owner_url: str = field(default="", repr=False)
    database_master_url: str = field(default="", repr=False)
    """Other users of the same database. Only `migrate` and `prepare_database` have them."""
    rabbitmq_management_url: str = field(default="", repr=False)
    """RabbitMQ's management API with the administrator's user and password. Only the function
    `broker_admin` has it."""
    admin_api_key: str = field(default="", repr=False)
    """The admin's key; only the migration step reads it."""

    api_key_check_secret: str = field(default="", repr=False)
    """The server's secret in the check of every API key, at least 32 characters. Only the API and the
    migration step get it. Another one makes every key malformed, the admin's too."""

    webhook_keys: str = field(default="", repr=False)
    """The ring of keys of which the secrets of webhooks are derived, a JSON object by their ids. The
    first one is that of new secrets."""

    record_secret_id: str = ""
    """The secret, or the file as `file:///…`, that keeps what a restored database must not undo. Without
    one a recovery is refused."""

    stage: str = "local"
    log_level: str = "INFO"
    max_body_bytes: int = 1_048_576
    """A larger body is refused with 413."""
    max_answer_bytes: int = field(default=5_242_880, metadata={"least": 100_000})
    """A page ends before its answer is larger. AWS Lambda answers with at most 6 MB."""
    max_consumers: int = field(default=500, metadata={"least": 1})
    """Bounds the answers that have an entry for each consumer."""

    rate_limit_api_key_per_minute: int = field(default=50, metadata={"least": 1})
    rate_limit_api_key_burst: int = field(default=500, metadata={"least": 1})
    rate_limit_session_per_minute: int = field(default=240, metadata={"least": 1})
    rate_limit_session_burst: int = field(default=120, metadata={"least": 1})
    """A session of the console has a bucket of its own, so that looking takes nothing from a program."""
    grafana_url: str = ""
    prometheus_url: str = ""
    trace_url: str = ""
    runbook_url: str = ""
    """Where the console's links lead; empty without one. `{trace_id}` stands for a trace's id, and
    `runbook_url` comes before `docs/…`."""
    console_systems: str = ""
    """The other systems that the console shows to the operator, separated by commas: `relay` and
    `appevents`, where their paths are below the same origin."""
    console_pass_key: str = field(default="", repr=False)
    """The secret that signs their passes, at least 32 bytes; they have the same."""
    redis_timeout_ms: int = 50
    redis_retry_seconds: int = 10
    """After Redis has failed, requests pass without a rate limit for this long."""

    api_key_bcrypt_cost: int = 12
    api_key_wrong_secrets_per_minute: int = 5
    """How many wrong secrets of one key are compared with bcrypt in a minute, whoever sends them."""
    api_key_unsigned_secrets_per_minute: int = 30
    """The same for all keys of the older form together, which anybody can make up, in one process."""
    audit_refusals_per_minute: int = 60
    """How many refusals of one key the audit log takes in a minute. Unknown keys share as many."""

    database_connect_timeout_seconds: int = 3
    database_statement_timeout_ms: int = 20_000
    database_lock_timeout_ms: int = 5_000
    database_options: str = "startup"
    """With `startup` the client sets these timeouts when it connects. With `server` the server's
    configuration does, because RDS Proxy refuses startup options."""

    publish_timeout_ms: int = 1_000
    """The time that publishing may add to a request, including the time to connect."""
    broker_access_wait_ms: int = 2_000
    """How long an answer about a bank's access waits for `broker_admin`; then it says so."""
    broker_address: str = ""
    """Where a bank's program reaches the broker, as an AMQP URL without credentials, if it is not the
    address that the functions use."""
    publish_handoff_seconds: int = 5
    """The request that wrote an event may still be publishing it while it is younger than this."""
    publish_max_tries: int = 10
    publish_probe_seconds: int = field(default=55, metadata={"least": 1})
    """A bank whose queue refused gets one probe in this time. Less than the resend schedule's minute,
    so that each of its runs may probe."""
    breaker_failures: int = 5
    breaker_open_seconds: int = 30
    delivery_grace_seconds: int = 300
    """The consumer's time to confirm a message before it is redelivered."""
    redeliver_first_wait_seconds: int = 900
    redeliver_longest_wait_seconds: int = 43_200
    """The schedule's waits between redeliveries of one event double from the first to the longest."""
    queue_observation_seconds: int = 180
    """Redeliver trusts an observation of a queue for this long."""
    queue_figures_delay_seconds: int = 30
    """The broker's figures of a queue may be this old when it gives them."""
    sweep_seconds: int = 20
    """How long resend and redeliver work per call. They must stop before the gateway's 29 s."""
    sweep_batch: int = 2_000
    replay_seconds: int = field(default=50, metadata={"least": 1})
    """How long a run of the schedule `replay` works. It begins each minute."""
    webhook_allow_hosts: str = ""
    """Hosts as host:port, separated by commas, to which plain HTTP and private addresses are allowed.
    Only with STAGE=local."""
    webhook_retry_seconds: str = "5,60,300,1800,7200,18000,36000,50400,72000"
    """The waits between the tries of an event that a bank's server refuses. PUBLISH_MAX_TRIES bounds the
    tries."""
    webhook_senders: int = field(default=128, metadata={"least": 2})
    """How many calls one process has under way, of all banks together."""
    webhook_deliver_seconds: int = field(default=45, metadata={"least": 1})
    """How long a run claims events for webhooks."""
    webhook_test_wait_seconds: int = field(default=20, metadata={"least": 1})
    """How long an answer about a test event waits for the function that sends it."""
    reconcile_seconds: int = field(default=240, metadata={"least": 1})
    """The scheduled reconciliation's time limit; the endpoint's is `sweep_seconds`."""

    consumer_max_customers: int = field(default=1_000_000, metadata={"least": 1})
    consumer_max_events_per_day: int = field(default=5_000_000, metadata={"least": 1})
    consumer_max_snapshots: int = field(default=1_000_000, metadata={"least": 1})
    """All three are counted each minute, so a consumer can exceed them by what it writes in a minute."""
    customer_max_tags: int = field(default=200, metadata={"least": 1})
    customer_max_tag_bytes: int = field(default=65_536, metadata={"least": 1})
    """The keys and values of a customer's tags together, in UTF-8. With more, a customer's answers and
    snapshots would outgrow what AWS Lambda can answer."""
    customer_max_snapshots: int = field(default=1_000, metadata={"least": 1})

    receipt_retention_days: int = 365
    audit_retention_days: int = field(default=365, metadata={"least": 7})
    """The database keeps younger rows, whoever deletes them."""
    dead_letter_retention_days: int = 365
    """Those of an event that failed stay as long as it is failed."""

    bank_store_endpoint: str = ""
    """Where the bucket of exports and archives is, such as https://s3.eu-central-1.amazonaws.com.
    Without it and `bank_store_bucket` no bank is exported and nothing archived; the rest goes on."""
    bank_store_region: str = "us-east-1"
    bank_store_bucket: str = ""
    bank_store_access_key: str = ""
    """Without it the function's role signs."""
    bank_store_secret_key: str = field(default="", repr=False)
    bank_store_addressing: str = "path"
    """`virtual` where the bucket is a part of the host's name."""
    export_seconds: int = field(default=45, metadata={"least": 1})
    """How long a run of the schedule `export` works. It begins each minute."""
    export_days: int = field(default=7, metadata={"least": 1})
    """The files of an export are deleted after this time."""
    archive_after_days: int = 0
    """Events that have been settled for so long move into files; 0 for never, else at least 30."""
    archive_seconds: int = field(default=45, metadata={"least": 1})
    """How long a run of the schedule `archive` works. It begins each hour."""
    offboard_days: int = field(default=30, metadata={"least": 1})
    """Everything of a bank that leaves is kept for so long."""
    offboard_seconds: int = field(default=45, metadata={"least": 1})
    """How long a run of the schedule `offboard` works. It begins each minute."""
