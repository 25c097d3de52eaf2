"""The blueprint that the functions of this service register on."""

from chalice import Blueprint

schedules = Blueprint(__name__)
