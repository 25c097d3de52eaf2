"""The ledger: answers, databases, queues and the store must agree.

It is a pure function of the evidence. Each rule is one function that names every contradiction. The
rules know nothing of each other. None trusts a status where another source can be asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from local.appevents.chaos.evidence import Evidence
from local.appevents.chaos.kind import Kind
from local.appevents.chaos.rules import answers, effects, order, outcomes, privacy, videos
from local.chaos.finding import Finding

RULES: Sequence[Callable[[Evidence], Iterable[Finding]]] = (
    answers.answers_are_committed,
    answers.other_content_is_refused,
    answers.events_were_told,
    order.sequences_have_no_gaps,
    order.first_sights_are_in_order,
    order.events_were_handed_out,
    outcomes.everything_ends,
    outcomes.ends_are_plausible,
    outcomes.keys_say_the_same,
    outcomes.each_has_one_outcome,
    outcomes.dead_letters_are_the_rejected,
    outcomes.nothing_is_under_way,
    outcomes.reconciliation_agrees,
    effects.things_are_made_once,
    effects.counts_are_the_rows,
    effects.later_likes_stand,
    effects.later_settings_stand,
    effects.conversations_have_no_gaps,
    privacy.nobody_sees_what_is_hidden,
    privacy.feeds_are_as_decided,
    privacy.secrets_are_sealed,
    videos.uploads_end,
    videos.shown_files_are_there,
    videos.originals_are_removed,
)


def check(evidence: Evidence) -> list[Finding]:
    """Every broken promise. A good run has none."""
    return [finding for rule in RULES for finding in rule(evidence)]


def copies(evidence: Evidence) -> Counter[tuple[str, str]]:
    """How often each event was published beyond the first time. A copy costs nobody anything."""
    times = Counter((each.user, each.id) for each in evidence.handed)
    return Counter({event: count - 1 for event, count in times.items() if count > 1})


__all__ = ["Kind", "check", "copies"]
