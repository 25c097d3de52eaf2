"""The blueprint for the functions of this service."""

from chalice import Blueprint

events = Blueprint(__name__)
