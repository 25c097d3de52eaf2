"""The blueprint that the functions of all packages register on."""

from chalice import Blueprint

# Named after the module where AWS finds the one function that it calls by name.
operations = Blueprint("chalicelib.operations.migrate")
