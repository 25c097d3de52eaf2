"""The blueprint that the functions of this service register on."""

from chalice import Blueprint

consumer = Blueprint(__name__)
