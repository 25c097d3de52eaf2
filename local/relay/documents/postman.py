"""How the relay's requests follow each other in its Postman collection."""

from __future__ import annotations

from local.documents.postman import Plan, pairs

KEEP = """\
const isJson = pm.response.headers.get("Content-Type") === "application/json";
const answered = (isJson && pm.response.json().data) || {};
const resource = pm.request.url.path[pm.request.url.path.length - 1].replace("-", "_");
if (pm.request.method === "POST" && answered.id)
  pm.collectionVariables.set(resource + "_id", answered.id);
if (resource === "storefronts" && answered.storefront_id)
  pm.collectionVariables.set("storefront_code", answered.storefront_id);
if (answered.lane_id) pm.collectionVariables.set("lanes_id", answered.lane_id);
for (const found of (answered.results || []).slice(0, 1))
  if (found.id) pm.collectionVariables.set("events_id", found.id);"""
EVENT = {
    "storefront_id": "{{storefront_code}}",
    "event_name": "purchase_completed",
    "event_time": "{{$isoTimestamp}}",
    "order_id": "{{$timestamp}}",
    "order_revenue": 80.79,
}
LOGIN = {"username": "{{user}}", "password": "{{password}}"}
PLAN = Plan(
    auth={"type": "basic", "basic": [*pairs(**LOGIN)]},
    credentials=("user", "password"),
    kept=(
        "storefronts_id",
        "storefront_code",
        "platforms_id",
        "credentials_id",
        "sgtm_configs_id",
        "lanes_id",
        "events_id",
    ),
    keep=KEEP,
    given=("unused_storefront", "unused_credential", "unused_sgtm_config"),
    sent={
        "POST /admin/v1/storefronts": {"storefront_id": "shop_{{$timestamp}}"},
        "POST /admin/v1/credentials": {
            "storefront_id": "{{storefronts_id}}",
            "settings": {"url": "https://example.com/in"},
        },
        "POST /admin/v1/sgtm-configs": {"storefront_id": "{{storefronts_id}}", "is_active": False},
        "POST /admin/v1/platforms": {"platform_code": "webhook_{{$timestamp}}"},
        "PATCH /admin/v1/platforms/{id}": {"name": "Stock"},
        "PATCH /admin/v1/credentials/{id}": {"settings": {"consent_mode": "optional"}},
        "PATCH /admin/v1/sgtm-configs/{id}": {"path": "/collect"},
        "PATCH /admin/v1/storefronts/{id}": {"name": "Shop"},
        "PATCH /admin/v1/lanes/{id}": {"paused": True},
        "POST /v1/events": {"data": [EVENT]},
        "GET /relay/events/data": {"event_id": "{{events_id}}-{{lanes_id}}"},
        "GET /relay/events/list": {"stream": "{{lanes_id}}"},
    },
    only_with={
        "DELETE /admin/v1/storefronts/{id}": "unused_storefront",
        "DELETE /admin/v1/credentials/{id}": "unused_credential",
        "DELETE /admin/v1/sgtm-configs/{id}": "unused_sgtm_config",
    },
    places={"POST /admin/v1/credentials": 0.5, "POST /admin/v1/sgtm-configs": 0.5},
    numbers=("storefronts_id",),
    folders=(
        *("Destinations", "Ingest", "Events", "Lanes", "Checks"),
        *("Ledger", "Replay", "Privacy", "Keys"),
    ),
)
