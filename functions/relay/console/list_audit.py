"""GET /relay/audit/list: who did or tried what, and why, newest first."""

from chalicelib.relay.console.blueprint import console
from chalicelib.relay.wiring import endpoint
from fintegrate.console.audit_list import AuditList, AuditListing, list_all
from fintegrate.console.csv_rows import TYPE
from fintegrate.http.endpoint import Access, Answer, Call


@console.route("/relay/audit/list", methods=["GET"])
@endpoint(AuditListing, gives=AuditList, access=Access.ADMIN, may_give=TYPE)
def list_console_audit(call: Call[AuditListing]) -> Answer:
    """A page of the audit log: admins' acts, and what was refused."""
    return list_all(call)
