"""The blueprint for the functions of this service."""

from chalice import Blueprint

replay = Blueprint(__name__)
