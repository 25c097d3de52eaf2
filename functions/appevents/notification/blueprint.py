"""The blueprints for the functions of this service: each has the paths of one beginning."""

from chalice import Blueprint

notification = Blueprint(__name__)
users = Blueprint(__name__)
