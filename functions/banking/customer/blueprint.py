"""The blueprint that the functions of this service register on."""

from chalice import Blueprint

customer = Blueprint(__name__)
