"""The blueprint for the functions of this service."""

from chalice import Blueprint

dm = Blueprint(__name__)
