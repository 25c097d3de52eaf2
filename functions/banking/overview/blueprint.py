"""The blueprint of the overview."""

from chalice import Blueprint

overview = Blueprint(__name__)
