"""GET /audit/list: the audit log, newest first."""

from chalicelib.banking.audit.blueprint import audit
from chalicelib.banking.audit.listing import list_rows
from chalicelib.banking.audit.models import AuditList, AuditListing, AuditRow
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.wiring import endpoint
from fintegrate.console.audit_list import answer_of
from fintegrate.console.csv_rows import TYPE
from fintegrate.http.endpoint import Answer, Call


@audit.route("/audit/list", methods=["GET"])
@endpoint(AuditListing, gives=AuditList, looks_up=True, may_give=TYPE)
def list_audit(call: Call[AuditListing]) -> Answer:
    """A page of the audit log: of the caller's keys, and of others on its data; the admin's has all."""
    wanted, is_admin = call.body, call.caller.is_admin
    scope = scope_of(call, wanted.consumer_id)
    found = list_rows(call.db, wanted, scope, is_admin=is_admin)
    return answer_of(wanted, found, AuditRow.__annotations__)
