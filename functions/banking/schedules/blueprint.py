"""The blueprint that the functions of this service register on."""

from chalice import Blueprint

# Named after the module where AWS finds its functions.
schedules = Blueprint("chalicelib.banking.handlers")
