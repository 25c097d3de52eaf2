"""POST /customer/erase: forgets a customer, who is deleted by it. Ids, types, times and states stay.

The work commits on the sweeps' connection, so that a request with an `Idempotency-Key` keeps what it has
done if it ends early.
"""

import time

from chalicelib.banking.customer import erasing
from chalicelib.banking.customer.blueprint import customer
from chalicelib.banking.customer.erasure_models import Erasure, ErasureRequest
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.console.acts import audited
from fintegrate.http.endpoint import Answer, Call


@customer.route("/customer/erase", methods=["POST"])
@endpoint(ErasureRequest, gives=Erasure, looks_up=True)
def erase_customer(call: Call[ErasureRequest]) -> Answer:
    """Erase a customer: its name, tags and snapshots, and what its events and dead letters tell of it.

    It is deleted by this, and its last event says so. The events stay without the person; what is sent
    from now on says `erased`. Safe to repeat: it goes on with what was not finished.
    """
    deadline = time.monotonic() + parts().settings.sweep_seconds
    db = parts().sweep_database
    of_customer, event = erasing.begin(db, call)
    erasing.go_on(db, of_customer, deadline)
    done = erasing.told(db, of_customer)
    counts = {"events": done["event_count"]}
    return Answer(done, event, audited=audited(call, done["consumer_id"], counts))
