"""The blueprints for the functions of this service, by the beginnings of their paths."""

from chalice import Blueprint

settings = Blueprint(__name__)
feed_access = Blueprint(__name__)
feed_keys = Blueprint(__name__)
