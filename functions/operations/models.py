"""What the answers of the operations endpoints give."""

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


class Health(TypedDict):
    """What this process reaches; seen at most a second ago."""

    database: ServerState
    broker: BrokerState
    cache: ServerState
