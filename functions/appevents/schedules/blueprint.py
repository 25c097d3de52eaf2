"""The blueprint for the scheduled functions."""

from chalice import Blueprint

# AWS looks for the functions in the module of this name.
schedules = Blueprint("chalicelib.appevents.handlers")
