"""A wrong method that reaches the function: Chalice refuses it, in our envelope."""

from __future__ import annotations

from tests.support.api import Api


def test_wrong_method_names_the_right_ones() -> None:
    reply = Api(None)("PUT", "/customer/list")

    assert reply.status == 405
    assert reply.headers["Allow"] == "GET"
    assert "GET" in reply.description
