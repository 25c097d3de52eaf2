"""What a fault of banking may change: the testbed and its load."""

from __future__ import annotations

from dataclasses import dataclass

from local.banking.chaos.load import Load
from local.banking.chaos.testbed import Testbed
from local.chaos.faults import fault


@dataclass(frozen=True)
class Targets(fault.Targets[Testbed]):
    """The targets of a fault of banking."""

    load: Load
