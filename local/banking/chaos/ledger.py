"""The ledger: answers, commits, publishes, deliveries and applications must agree.

It is a pure function of the evidence. Each rule is one function that names every contradiction. The
rules know nothing of each other. None trusts a status where another source can be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from local.banking.chaos.evidence import Evidence
from local.banking.chaos.rules import (
    answers,
    calls,
    deliveries,
    reconciliation,
    restores,
    rows,
    tenancy,
)
from local.chaos.finding import Finding

RULES: Sequence[Callable[[Evidence], Iterable[Finding]]] = (
    answers.answers_are_committed,
    answers.answers_are_orderly,
    answers.tags_are_committed,
    answers.calls_happen_once,
    rows.customers_are_what_their_events_say,
    rows.events_have_one_state,
    deliveries.published_were_delivered,
    deliveries.first_deliveries_are_in_order,
    deliveries.applied_once,
    deliveries.sums_agree,
    deliveries.duplicates_are_bounded,
    calls.next_waits_for_the_answer,
    calls.published_were_taken,
    calls.calls_are_ours,
    tenancy.tenants_are_apart,
    reconciliation.reconciliation_agrees,
    restores.banks_agree_with_platform,
    restores.only_later_events_are_lost,
    restores.lost_events_are_explained,
    restores.recovery_is_whole,
)


def check(evidence: Evidence) -> list[Finding]:
    """Every broken promise. A good run has none."""
    return [finding for rule in RULES for finding in rule(evidence)]
