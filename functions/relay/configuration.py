"""The relay's settings, read by `fintegrate.settings.load(Configuration, environment)`."""

from dataclasses import dataclass, field

SERVICE = "fintegrate_relay"
"""The service's name in log lines, and the prefix of the names of metrics."""
CLOUDWATCH_NAMESPACE = "Fintegrate/Relay"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Every setting of the relay; the variable is the field's name in upper case."""

    relay_database_url: str = field(repr=False)
    rabbitmq_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    relay_database_owner_url: str = field(default="", repr=False)
    relay_database_master_url: str = field(default="", repr=False)
    """Other users of the same database. Only `migrate` and `prepare_database` have them."""
    relay_oms_database_url: str = field(default="", repr=False)
    """The order system's login, which may only insert events. Only `prepare_database` has it."""

    relay_users: str = field(default="", repr=False)
    """Who may call: a JSON object of names, each with one or two bcrypt hashes and a role."""
    console_pass_key: str = field(default="", repr=False)
    """The secret that signs the passes of the console's operators; without one none is taken."""
    relay_keys: str = field(default="", repr=False)
    """The ring of Fernet keys by their ids, a JSON object. The first one writes."""

    stage: str = "local"
    log_level: str = "INFO"
    relay_max_body_bytes: int = 5_242_880
    """A larger batch is refused with 413."""
    relay_rate_limit_per_minute: int = field(default=600, metadata={"least": 1})
    redis_timeout_ms: int = 50
    redis_retry_seconds: int = 10

    database_connect_timeout_seconds: int = 3
    database_statement_timeout_ms: int = 20_000
    database_lock_timeout_ms: int = 5_000
    database_options: str = "startup"
    publish_timeout_ms: int = 50
    """The time that a nudge may add to a request."""
    breaker_failures: int = 5
    breaker_open_seconds: int = 30

    relay_allow_hosts: str = ""
    """Hosts as host:port, separated by commas, to which plain HTTP and private addresses are allowed.
    Only with STAGE=local."""
    relay_timeout_seconds: int = 0
    """The longest time of one request to a destination, from resolving its name to the last byte. It
    only shortens a platform's own: 15 for webhooks, 10 for the others. 0 leaves them."""
    relay_retry_seconds: str = "5,60,300,1800,7200,18000,36000,50400,72000"
    """The waits between the tries of one delivery."""
    relay_senders: int = field(default=64, metadata={"least": 2})
    """How many requests one process makes side by side."""
    relay_deliver_seconds: int = field(default=45, metadata={"least": 1})
    """How long a run of the delivery claims."""
    relay_check_wait_seconds: int = field(default=20, metadata={"least": 1})
    """How long an answer about a check waits for the function that sends."""
    relay_sweep_seconds: int = field(default=20, metadata={"least": 1})
    """How long a request may work through rows. It must stop before the gateway's 29 s."""
    relay_sweep_batch: int = field(default=1_000, metadata={"least": 1})
    relay_reconcile_days: int = field(default=8, metadata={"least": 1})
    """The reconciliation reads the events of so many days; older ones were read when they were young."""
    relay_reconcile_seconds: int = field(default=240, metadata={"least": 1})
    """The scheduled reconciliation's time limit; the endpoint's is `relay_sweep_seconds`."""

    relay_user_data_days: int = field(default=30, metadata={"least": 1})
    """Match keys and private data are kept so long, those of a pending delivery as long as it is."""
    relay_purge_seconds: int = field(default=600, metadata={"least": 1})
    """How long a run of the purge works."""
    relay_attempt_days: int = field(default=90, metadata={"least": 1})
    relay_event_days: int = field(default=400, metadata={"least": 1})
    relay_audit_days: int = field(default=365, metadata={"least": 7})
    """The database keeps younger rows, whoever deletes them."""
