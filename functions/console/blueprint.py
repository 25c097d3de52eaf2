"""The blueprint for the functions of this service."""

from chalice import Blueprint

console = Blueprint(__name__)
