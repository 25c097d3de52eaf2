"""What the customer API promises, as plain dictionaries: the model that the real one is held to."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Snapshot:
    """A customer as it was: all its tags, and those figures that the model knows."""

    tags: dict[str, str]
    figures: dict[str, object]

    def tag_changes(self, before: Snapshot | None) -> dict[str, object] | None:
        if before is None:
            return None
        return {
            "added": {k: v for k, v in self.tags.items() if k not in before.tags},
            "removed": {k: v for k, v in before.tags.items() if k not in self.tags},
            "changed": {
                key: {"from": old, "to": self.tags[key]}
                for key, old in before.tags.items()
                if key in self.tags and self.tags[key] != old
            },
        }


@dataclass
class Customer:
    """What is remembered of a customer; its events and snapshots outlive it."""

    owner: int
    name: str
    status: str
    tags: dict[str, str] = field(default_factory=dict)
    snapshots: list[Snapshot] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    deleted: bool = False

    def happened(self, event_type: str) -> None:
        self.events.append((event_type, self.status))

    def take_snapshot(self) -> None:
        figures = {
            "status": self.status,
            "tag_count": len(self.tags),
            "event_count": len(self.events),
            "published_count": len(self.events),
            "customer_status_change_count": len(self.events) - 1,
        }
        self.snapshots.append(Snapshot(dict(self.tags), figures))

    def matches(self, wanted: dict[str, str]) -> bool:
        """Whether a list with these filters shows it."""
        tag = self.tags.get(wanted.get("tag_key", ""))
        return (
            wanted.get("status", self.status) == self.status
            and ("tag_key" not in wanted or tag is not None)
            and wanted.get("tag_value", tag) == tag
        )
