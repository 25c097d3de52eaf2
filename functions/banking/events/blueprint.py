"""The blueprint that the functions of this service register on."""

from chalice import Blueprint

events = Blueprint(__name__)
