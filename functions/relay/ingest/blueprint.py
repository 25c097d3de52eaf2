"""The blueprint for the functions of this service."""

from chalice import Blueprint

ingest = Blueprint(__name__)
