"""GET /app/audit/list: what operators did or tried, and why, newest first."""

from chalicelib.appevents.console.blueprint import audit
from chalicelib.appevents.wiring import admin_endpoint
from fintegrate.console.audit_list import AuditList, AuditListing, list_all
from fintegrate.console.csv_rows import TYPE
from fintegrate.http.endpoint import Answer, Call


@audit.route("/app/audit/list", methods=["GET"])
@admin_endpoint(AuditListing, gives=AuditList, may_give=TYPE)
def list_console_audit(call: Call[AuditListing]) -> Answer:
    """A page of the audit log: operators' acts, and what was refused at their endpoints."""
    return list_all(call)
