"""The blueprint that the functions of this service register on."""

from chalice import Blueprint

# Named after the module where AWS finds its functions.
operations = Blueprint("chalicelib.banking.handlers")
