"""The blueprint for the functions of this service."""

from chalice import Blueprint

customer = Blueprint(__name__)
