"""The Chalice app: registers the blueprints of `functions/`, nothing else."""

from chalice import Chalice

from fintegrate.cold_start import uncollected

with uncollected():
    from chalicelib.banking.index import BLUEPRINTS
    from fintegrate.http.endpoint import request_scope

# Chalice's own logging would take over the layer's loggers and show their errors only.
app = Chalice(app_name="fintegrate", configure_logs=False)
app.register_middleware(request_scope, "http")
for blueprint in BLUEPRINTS:
    app.register_blueprint(blueprint)
