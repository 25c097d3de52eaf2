"""The blueprint for the functions that queues trigger."""

from chalice import Blueprint

# AWS looks for the functions in the module of this name.
queues = Blueprint("chalicelib.appevents.handlers")
