"""The blueprint for the functions that every package has."""

from chalice import Blueprint

# AWS looks for the one function that it calls by name in the module of this name.
operations = Blueprint("chalicelib.operations.migrate")
