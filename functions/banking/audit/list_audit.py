"""GET /audit/list: the audit log, newest first."""

from chalicelib.banking.audit.blueprint import audit
from chalicelib.banking.audit.listing import list_rows
from chalicelib.banking.audit.models import AuditList, AuditListing, AuditRow
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.wiring import endpoint
from fintegrate.console.csv_rows import MOST_ROWS, TYPE, csv_text, headers_of
from fintegrate.http.endpoint import Answer, Call
from fintegrate.http.envelope import dumps


@audit.route("/audit/list", methods=["GET"])
@endpoint(AuditListing, gives=AuditList, looks_up=True, may_give=TYPE)
def list_audit(call: Call[AuditListing]) -> Answer:
    """A page of the audit log: of the caller's keys, and of others on its data; the admin's has all."""
    wanted, is_admin = call.body, call.caller.is_admin
    scope = scope_of(call, wanted.consumer_id)
    limit = MOST_ROWS if wanted.format == "csv" else wanted.limit
    found = list_rows(call.db, wanted, scope, limit, is_admin=is_admin)
    if wanted.format == "json":
        return Answer(found._asdict())
    rows = [{**row, "details": row["details"] and dumps(row["details"])} for row in found.rows]
    text = csv_text([*AuditRow.__annotations__], rows)
    return Answer(text, headers=headers_of("audit", found.next_cursor), media_type=TYPE)
