"""The blueprint for the functions of this service."""

from chalice import Blueprint

ai = Blueprint(__name__)
