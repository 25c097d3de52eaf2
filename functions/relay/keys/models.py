"""What a request to seal again takes and what its answer gives."""

from typing import Annotated

from typing_extensions import TypedDict

from fintegrate.http.validation import Described, RequestModel


class Reencryption(RequestModel):
    """Whether to do it."""

    dry_run: Annotated[bool, Described("Only say what would be done", False)] = False


class Counts(TypedDict):
    """`total` is the sum of the others, but for rows for which there was no time: call again."""

    total: Annotated[int, Described("Sealed rows", 41)]
    rewritten: Annotated[int, Described("Sealed again now, or would be", 40)]
    already_current: Annotated[int, Described("Sealed with the key that writes", 0)]
    failed: Annotated[int, Described("Could not be opened, and stay as they are", 1)]


class Tables(TypedDict):
    """The counts of each table."""

    credentials: Counts
    events: Counts


class Failure(TypedDict):
    """A row that did not open."""

    table: Annotated[str, Described("credentials or events", "credentials")]
    id: Annotated[int, Described("The row's number", 3)]
    key_id: Annotated[str, Described("The key that it names", "k0")]
    reason: Annotated[str, Described("Why", "the key ring has no key k0")]


class Reencrypted(Counts):
    """What was done."""

    tables: Tables
    failures: Annotated[list[Failure], Described("The first hundred of each table", [])]
