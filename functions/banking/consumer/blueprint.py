"""The blueprint for the functions of this service."""

from chalice import Blueprint

consumer = Blueprint(__name__)
