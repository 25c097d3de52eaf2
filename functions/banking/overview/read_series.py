"""GET /overview/series: the history of streams."""

from chalicelib.banking.events.scope import scope_of
from chalicelib.banking.overview.blueprint import overview
from chalicelib.banking.overview.models import Series, SeriesRequest
from chalicelib.banking.overview.series import read_series
from chalicelib.banking.wiring import endpoint
from fintegrate.http.endpoint import Answer, Call


@overview.route("/overview/series", methods=["GET"])
@endpoint(SeriesRequest, gives=Series, looks_up=True)
def read_series_of(call: Call[SeriesRequest]) -> Answer:
    """What happened and what waited, by the minute for eight days or by the hour for 400.

    The newest minutes are counted when they are asked for.
    """
    asked, scope = call.body, scope_of(call, call.body.consumer_id)
    points = read_series(call.db, scope, asked.from_, asked.to, asked.step)
    return Answer({"step": asked.step, "points": points})
