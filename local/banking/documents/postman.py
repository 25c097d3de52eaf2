"""How banking's requests follow each other in its Postman collection."""

from __future__ import annotations

import json
from typing import Any

from local.documents.postman import Plan, pairs

KEPT = ("customer_id", "consumer_id", "event_id", "job_id")
KEEP_IDS = f"""\
const isJson = pm.response.headers.get("Content-Type") === "application/json";
const answered = (isJson && pm.response.json().data) || {{}};
for (const found of [answered, ...(answered.events || []).slice(0, 1)])
  for (const name of {json.dumps(KEPT)})
    if (found[name]) pm.collectionVariables.set(name, found[name]);
if (answered.api_key)
  pm.collectionVariables.set("issued_key_id", answered.api_key.split("_")[1]);"""
GIVEN = (
    "issued_key_id",
    "blocked_customer_id",
    "dead_letter_id",
    "running_job_id",
    "console_session",
    "called_consumer_id",
    "onboarding_consumer_id",
)
"""Other variables: the public id of an issued key; a customer, a dead letter, a replay, a bank that is
called and one whose onboarding is not finished, to be named by hand."""
SENT: dict[str, dict[str, Any]] = {
    "POST /console/session": {"actor": "Ann Example"},
    "POST /consumer/data": {"consumer_name": "bank_{{$timestamp}}"},
    "POST /consumer/onboard": {"consumer_name": "onboarded_{{$timestamp}}"},
    "GET /consumer/onboard": {"consumer_id": "{{onboarding_consumer_id}}"},
    "DELETE /consumer/onboard": {"consumer_id": "{{onboarding_consumer_id}}"},
    "POST /consumer/delivery/rotate": {"consumer_id": "{{called_consumer_id}}"},
    "POST /consumer/delivery/test": {"consumer_id": "{{called_consumer_id}}"},
    "POST /consumer/export": {"consumer_id": "{{consumer_id}}"},
    "GET /consumer/export": {"consumer_id": "{{consumer_id}}"},
    "POST /consumer/offboard": {"consumer_id": "{{consumer_id}}", "reason": "the contract ends"},
    "POST /consumer/change-status": {"status": "deactivated"},
    "GET /consumer/integration": {"consumer_id": "{{consumer_id}}"},
    "GET /consumer/api-key/uses": {"key": "{{issued_key_id}}"},
    "POST /consumer/deactivate-api-key": {"api_key": "{{issued_key_id}}"},
    "PATCH /customer/change-status": {"status": "INACTIVE"},
    "DELETE /customer/tag": {"tag_key": "risk_class"},
    "POST /events/skip-head": {"customer_id": "{{blocked_customer_id}}"},
    "POST /dead-letters/requeue": {
        "consumer_id": "{{consumer_id}}",
        "reason": "the cause is mended",
    },
    "POST /dead-letters/resolve": {
        "dead_letter_ids": ["{{dead_letter_id}}"],
        "reason": "looked at",
    },
    "GET /dead-letters/data": {"dead_letter_id": "{{dead_letter_id}}"},
    "POST /replay/data": {"consumer_id": "{{consumer_id}}", "reason": "the bank was away"},
    "POST /replay/change-status": {"job_id": "{{running_job_id}}", "action": "pause"},
}
"""Fields in place of the document's examples: what fits the state that the earlier requests left."""
ONLY_WITH = {
    "POST /events/skip-head": "blocked_customer_id",
    "POST /dead-letters/resolve": "dead_letter_id",
    "GET /dead-letters/data": "dead_letter_id",
    "POST /replay/change-status": "running_job_id",
    "GET /console/pass": "console_session",
    "POST /consumer/delivery/rotate": "called_consumer_id",
    "POST /consumer/delivery/test": "called_consumer_id",
    "GET /consumer/onboard": "onboarding_consumer_id",
    "DELETE /consumer/onboard": "onboarding_consumer_id",
}
"""Requests that are skipped until somebody sets the variable."""
PLACES = {
    "GET /events/list": -1,
    "PATCH /customer/tag-key": 2.5,
    "POST /customer/erase": 4,
    "POST /consumer/deactivate-api-key": 4,
    "POST /consumer/change-status": 5,
    "POST /consumer/offboard": 6,
    "GET /consumer/offboard": 6.1,
    "DELETE /consumer/offboard": 6.2,
}
"""Requests that come earlier or later than others of their method (the method's index)."""
PLAN = Plan(
    auth={"type": "apikey", "apikey": [*pairs(key="X-API-Key", value="{{api_key}}")]},
    credentials=("api_key",),
    kept=KEPT,
    keep=KEEP_IDS,
    given=GIVEN,
    sent=SENT,
    only_with=ONLY_WITH,
    places=PLACES,
    known={"name": "icon.svg"},
)
