"""GET /api/v1/ops/reconcile: whether every event is accounted for."""

from chalicelib.appevents.ops.blueprint import ops
from chalicelib.appevents.ops.models import Reconciled, ReconcileQuery
from chalicelib.appevents.ops.reconcile import reconcile
from chalicelib.appevents.wiring import admin_endpoint, parts
from fintegrate.database import Database
from fintegrate.http.endpoint import Answer, Call


@ops.route("/api/v1/ops/reconcile", methods=["GET"])
@admin_endpoint(ReconcileQuery, gives=Reconciled)
def read_reconcile(call: Call[ReconcileQuery]) -> Answer:
    """Events by service: accepted = processed + rejected + under way; and counts beside their rows.

    Counts are compared for all posts and comments, `days` or not: null if that takes too long.
    """
    return Answer(reconcile(call.db, _database_of, call.body.days))


def _database_of(service: str) -> Database:
    return parts().service(service).request.database
