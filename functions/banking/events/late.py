"""Late: failed events that a later event of their customer follows, sent on request only.

They go straight from failed to published, because a pending event may have no successor that was looked
at without it. The message says `late` in its metadata. See `reopening` for the other failed events.
"""

from __future__ import annotations

from fintegrate.queries import queries_beside

SQL = queries_beside(__name__)
