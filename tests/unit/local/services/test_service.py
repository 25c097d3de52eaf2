from __future__ import annotations

import pytest

from local.services.service import ServersUnusable, Service


class Unwilling(Service):
    """A server that runs and refuses, in words that show its password."""

    name = "unwilling"
    url = "postgresql://user:s3cret@127.0.0.1:1/postgres"
    start = is_running = lambda self: True
    stop = kill = pause = resume = remove = lambda self: None
    log_tail = lambda self: "its log"  # noqa: E731

    def probe(self) -> None:
        raise ConnectionError(f"no entry for {self.url}")


def test_reason_is_shown_without_password() -> None:
    with pytest.raises(ServersUnusable) as refused:
        Unwilling().wait_ready(seconds=0)

    assert "ConnectionError: no entry for postgresql://user:…@127.0.0.1" in str(refused.value)
    assert "s3cret" not in str(refused.value)
