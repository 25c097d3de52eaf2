"""A small Chalice app with one endpoint per way a function can behave; stands in for ours."""

from __future__ import annotations

import threading

from chalice import Chalice

app = Chalice("tiny")
meeting = threading.Barrier(4, timeout=20)


@app.route("/health")
def health() -> dict[str, object]:
    return {"data": {}}


@app.route("/echo", methods=["GET", "POST"])
def echo() -> dict[str, object]:
    assert app.current_request is not None
    request = app.current_request.to_dict()
    return {
        "query": request["query_params"],
        "request_id": request["headers"]["x-request-id"],
        "source_ip": request["context"]["identity"]["sourceIp"],
    }


@app.route("/meet")
def meet() -> dict[str, object]:
    """Answers when four requests are here at the same time, else crashes."""
    return {"number": meeting.wait()}


@app.schedule("rate(1 day)")
def never(_event: object) -> None:
    raise AssertionError("a day has not passed")
