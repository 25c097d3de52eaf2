"""The blueprint of what the console shows of the relay."""

from chalice import Blueprint

console = Blueprint(__name__)
