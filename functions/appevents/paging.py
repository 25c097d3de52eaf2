"""The fields of every list of app.events: a page has 20 entries, 100 at most."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from fintegrate.http.cursors import Cursor, digits_only
from fintegrate.http.validation import Described, RequestModel

Limit = Annotated[
    int, Field(ge=1, le=100), BeforeValidator(digits_only), Described("Entries on a page", 20)
]


class Page(RequestModel):
    """Where a page begins, and how long it is."""

    limit: Limit = 20
    cursor: Cursor | None = None
