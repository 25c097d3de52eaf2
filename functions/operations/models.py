"""What the answers of the operations endpoints give."""

from datetime import datetime
from typing import Annotated, Literal

from typing_extensions import TypedDict

from fintegrate.http.validation import Described


class ServerState(TypedDict):
    """Whether a server answered, and after how many milliseconds."""

    status: Literal["up", "down"]
    latency_ms: Annotated[float, Described("Milliseconds until the server answered", 0.8)]


class BrokerState(ServerState):
    """The broker, and whether this process's circuit breaker lets publishing try it."""

    circuit_breaker: Literal["closed", "open", "half_open"]


class ScheduleRun(TypedDict):
    """The last run of a schedule."""

    status: Annotated[
        Literal["on_time", "failing", "late"],
        Described(
            "`failing`: the last run failed; `late`: none ended well for three periods", "on_time"
        ),
    ]
    last_run_at: Annotated[
        datetime | None, Described("When the last run ended", "2026-11-26T10:00:01Z")
    ]
    last_run_seconds: Annotated[float | None, Described("How long it took", 0.12)]
    last_success_at: Annotated[
        datetime | None, Described("When one last succeeded", "2026-11-26T10:00:01Z")
    ]
    error: Annotated[str | None, Described("The kind of the last run's error", None)]


class Schedules(TypedDict):
    """Whether all schedules run as they should, and the last run of each."""

    status: Literal["on_time", "failing", "late"]
    runs: dict[str, ScheduleRun]


class Health(TypedDict):
    """What this process reaches, and how the schedules are; seen at most a second ago."""

    database: ServerState
    broker: BrokerState
    cache: ServerState
    schedules: Schedules
