"""The blueprint for the functions of this service."""

from chalice import Blueprint

machine = Blueprint(__name__)
