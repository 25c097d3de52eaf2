"""Requests to the customer API that are right but for one field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

CONTROL = ["\x00", "a\nb", "\x7f", "\x85"]
BLANK = ["", " ", "\u2003\u3000"]
NO_TEXT = [5, True, ["a"], {"a": "b"}]
KEY = [*BLANK, *CONTROL, *NO_TEXT, "x" * 101]
VALUE = [*CONTROL, *NO_TEXT, "x" * 1001]
WRONG_VALUES: Mapping[str, list[object]] = {
    "customer_id": ["", "me", 5, ["a"], "00000000-0000-0000-0000-00000000000"],
    "name": [*BLANK, *CONTROL, *NO_TEXT, None, "x" * 256],
    "status": ["", "active", "ACTIVE ", 1, ["ACTIVE"]],
    "tag_key": KEY,
    "new_tag_key": [*KEY, None],
    "tag_value": VALUE,
    "new_tag_value": [*VALUE, None],
    "tag_keys": [[], ["a", "a"], "a", None, [str(n) for n in range(51)], *([key] for key in KEY)],
    "tag_values": [[], ["1"], ["1", "2", "3"], None, *(["1", value] for value in VALUE)],
    "limit": [0, -1, 201, 1.5, "1", True, None, 10**30],
    "cursor": ["", "no", "WyJhIiwiYiJd", "é", 5],
    "unknown": ["x", None],
}
TAGS: dict[str, object] = {"tag_keys": ["wrong1", "wrong2"], "tag_values": ["1", "2"]}
ENDPOINTS: list[tuple[str, str, dict[str, object]]] = [
    ("POST", "/customer/data", {"name": "Jane Roe", "status": "ACTIVE"}),
    ("GET", "/customer/data", {}),
    ("DELETE", "/customer/data", {}),
    ("PATCH", "/customer/change-status", {"status": "INACTIVE"}),
    ("GET", "/customer/list", {"status": "ACTIVE", "tag_key": "a", "tag_value": "1"}),
    ("GET", "/customer/list", {"limit": 1, "cursor": None}),
    ("POST", "/customer/tag", TAGS),
    ("GET", "/customer/tag-value", {"tag_key": "a"}),
    ("DELETE", "/customer/tag", {"tag_key": "a"}),
    ("PATCH", "/customer/tag-key", {"tag_key": "a", "new_tag_key": "b"}),
    ("PATCH", "/customer/tag-value", {"tag_key": "a", "new_tag_value": "b"}),
    ("POST", "/customer/analytics", {}),
    ("GET", "/customer/analytics", {"limit": 1, "cursor": None}),
]
WITHOUT_CUSTOMER = {("POST", "/customer/data"), ("GET", "/customer/list")}


@dataclass(frozen=True)
class WrongRequest:
    """A request whose `field` holds `value`, everything else being right."""

    method: str
    path: str
    right: Mapping[str, object]
    field: str
    value: object

    def fields(self, customer_id: str) -> dict[str, object]:
        needs_customer = (self.method, self.path) not in WITHOUT_CUSTOMER
        customer = {"customer_id": customer_id} if needs_customer else {}
        return {**customer, **self.right, self.field: self.value}


@st.composite
def wrong_requests(draw: st.DrawFn) -> WrongRequest:
    """Any endpoint, any field of it or one that it does not know, any wrong value."""
    method, path, right = draw(st.sampled_from(ENDPOINTS))
    customer = [] if (method, path) in WITHOUT_CUSTOMER else ["customer_id"]
    name = draw(st.sampled_from([*customer, *right, "unknown"]))
    return WrongRequest(method, path, right, name, draw(st.sampled_from(WRONG_VALUES[name])))
