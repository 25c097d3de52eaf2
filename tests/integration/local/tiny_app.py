"""A small Chalice app with one endpoint per way a function can behave; stands in for ours."""

import os
import time

from chalice import Chalice, Response

app = Chalice("tiny")


@app.route("/health")
def health():
    return {"data": {}, "up": True, "pid": os.getpid()}


@app.route("/echo", methods=["GET", "POST"])
def echo():
    request = app.current_request
    return {
        "body": request.raw_body.decode(),
        "query": request.to_dict()["query_params"],
        "request_id": request.headers["x-request-id"],
        "source_ip": request.to_dict()["context"]["identity"]["sourceIp"],
    }


@app.route("/sleep")
def sleep():
    time.sleep(float(app.current_request.query_params["seconds"]))
    return Response("awake", headers={"Content-Type": "text/plain"})


@app.schedule("rate(1 minute)")
def tick(event):
    return event.time
