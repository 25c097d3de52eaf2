"""The Chalice app: registers the blueprints of `functions/`, nothing else."""

from chalice import Chalice

from chalicelib.blueprints import BLUEPRINTS
from fintegrate.endpoint import request_scope

app = Chalice(app_name="fintegrate")
app.register_middleware(request_scope, "http")
for blueprint in BLUEPRINTS:
    app.register_blueprint(blueprint)
