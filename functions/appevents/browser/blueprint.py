"""The blueprint for the functions of this service."""

from chalice import Blueprint

browser = Blueprint(__name__)
