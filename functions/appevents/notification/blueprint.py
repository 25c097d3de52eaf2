"""The blueprint for the functions of this service."""

from chalice import Blueprint

notification = Blueprint(__name__)
