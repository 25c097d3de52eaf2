"""The blueprints for the functions of this service: one for each beginning of a path."""

from chalice import Blueprint

videos = Blueprint("chalicelib.appevents.video.videos")
feed = Blueprint("chalicelib.appevents.video.feed")
posts = Blueprint("chalicelib.appevents.video.posts")
