"""The blueprints for the functions of this service: each has the paths of one beginning."""

from chalice import Blueprint

program = Blueprint(__name__)
reminders = Blueprint(__name__)
