"""The blueprint that the functions of this service register on."""

from chalice import Blueprint

operations = Blueprint(__name__)
