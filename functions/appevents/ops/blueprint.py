"""The blueprint for the operators' functions."""

from chalice import Blueprint

ops = Blueprint(__name__)
