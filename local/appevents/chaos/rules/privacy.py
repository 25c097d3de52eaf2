"""Nobody sees what he may not, and secrets are readable nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from local.appevents.chaos.evidence import Evidence
from local.appevents.chaos.kind import Kind
from local.chaos.finding import Finding


def nobody_sees_what_is_hidden(evidence: Evidence) -> Iterator[Finding]:
    """No answer showed a feed to who may not see it."""
    for words in evidence.leaks:
        yield Finding(Kind.SHOWN, "feeds", words)


def feeds_are_as_decided(evidence: Evidence) -> Iterator[Finding]:
    """The service of videos shows a feed to those for whom its owner has decided."""
    for feed in evidence.feeds:
        if feed.known != feed.decided:
            words = f"the feed is {feed.decided}, and shown as {feed.known}"
            yield Finding(Kind.SHOWN, feed.owner, words)
        if feed.posts_otherwise:
            words = f"{feed.posts_otherwise} posts are not shown as the feed is"
            yield Finding(Kind.SHOWN, feed.owner, words)


def secrets_are_sealed(evidence: Evidence) -> Iterator[Finding]:
    """No passcode can be read in a row or in a message."""
    for words in evidence.secrets:
        yield Finding(Kind.SHOWN, "secrets", words)
