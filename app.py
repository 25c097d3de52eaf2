"""The Chalice app: registers the functions of the system that this package serves, nothing else."""

import os

from chalice import Chalice

from fintegrate.cold_start import uncollected

with uncollected():
    from chalicelib.systems import metrics, serve
    from fintegrate.http.request_scope import request_scope

    app = Chalice(app_name="fintegrate", configure_logs=False)  # its own would hide the layer's
    app.register_middleware(request_scope(metrics), "http")
    serve(app, os.environ.get("SYSTEM"))
