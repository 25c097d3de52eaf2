"""How a resend divides its time between paused banks and all others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.banking.events import resend


def test_probes_leave_half_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    until: list[float] = []

    def probe_for_long(_sweep: Any, _filters: Any, deadline: float) -> None:
        until.append(deadline)
        now[0] = deadline

    monkeypatch.setattr(resend, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(resend, "probe_paused_banks", probe_for_long)
    sweep: Any = SimpleNamespace(run=lambda _filters, seconds, counts: seconds)

    left: Any = resend.run_resend(sweep, {}, 20)

    assert until == [110.0]
    assert left == 10.0
