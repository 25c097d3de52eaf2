"""The blueprint for the functions of this service."""

from chalice import Blueprint

audit = Blueprint(__name__)
