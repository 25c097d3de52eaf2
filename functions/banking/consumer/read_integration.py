"""GET /consumer/integration: what a bank's integrator needs. A tenant may read its own only."""

from chalicelib.banking.broker.access import broker_address
from chalicelib.banking.consumer.blueprint import consumer
from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.overview.integration import read_integration
from chalicelib.banking.overview.integration_models import Integration, IntegrationRequest
from chalicelib.banking.wiring import endpoint, parts
from fintegrate.http.endpoint import Answer, Call


@consumer.route("/consumer/integration", methods=["GET"])
@endpoint(IntegrationRequest, gives=Integration, looks_up=True)
def integration(call: Call[IntegrationRequest]) -> Answer:
    """Queue names, addresses and schemas, and the steps of a working integration.

    Depth and readers are as of `observed_at`. What nobody knows is null.
    """
    settings = parts().settings
    wanted = scope_of(call, call.body.consumer_id) or call.caller.owner_id
    address = settings.broker_address or broker_address(settings.rabbitmq_url)
    return Answer(read_integration(call.db, wanted, address))
