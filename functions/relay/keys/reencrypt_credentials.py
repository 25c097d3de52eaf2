"""POST /admin/v1/credentials/reencrypt: seals again under the key that writes now."""

from typing import Any

from chalicelib.relay.destinations.blueprint import admin
from chalicelib.relay.keys.models import Reencrypted, Reencryption
from chalicelib.relay.wiring import endpoint, parts
from fintegrate.access.resealing import Resealed
from fintegrate.http.endpoint import Access, Answer, Call


@admin.route("/admin/v1/credentials/reencrypt", methods=["POST"])
@endpoint(Reencryption, gives=Reencrypted, access=Access.ADMIN)
def reencrypt_credentials(call: Call[Reencryption]) -> Answer:
    """Seal credentials and the private data of events again; call again until all is current.

    Each batch commits by itself, so it is safe to end and to repeat.
    """
    from chalicelib.relay.keys.reseal import reseal  # here, to spare other cold starts

    own, settings = parts(), parts().settings
    done = reseal(
        own.batch_database,
        own.sealing(),
        settings.relay_sweep_seconds,
        batch=settings.relay_sweep_batch,
        dry_run=call.body.dry_run,
    )
    return Answer(_told(done))


def _told(done: dict[str, Resealed]) -> dict[str, Any]:
    counts = {name: resealed.counts() for name, resealed in done.items()}
    total = {kind: sum(each[kind] for each in counts.values()) for kind in counts["events"]}
    failures = [{"table": name, **row} for name, each in done.items() for row in each.failures]
    return {**total, "tables": counts, "failures": failures}
