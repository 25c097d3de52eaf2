"""The blueprints of the console's endpoints: a cold start imports one of the two."""

from chalice import Blueprint

overview = Blueprint(__name__)
events = Blueprint(f"{__name__}.events")
