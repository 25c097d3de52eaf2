"""The blueprints of the console's endpoints: a cold start imports one of the three."""

from chalice import Blueprint

overview = Blueprint(__name__)
events = Blueprint(f"{__name__}.events")
audit = Blueprint(f"{__name__}.audit")
