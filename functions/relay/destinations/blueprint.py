"""The blueprint for the admin's functions."""

from chalice import Blueprint

admin = Blueprint(__name__)
