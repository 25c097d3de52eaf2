"""The blueprint for the functions of this service."""

from chalice import Blueprint

dead_letters = Blueprint(__name__)
