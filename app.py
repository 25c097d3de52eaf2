"""The Chalice app. It only registers the functions of the system that this package serves."""

import os

from fintegrate.cold_start import uncollected

with uncollected():
    from chalicelib.systems import metrics, origins, serve
    from fintegrate.http.request_scope import request_scope
    from fintegrate.http.rest_api import RestApi

    app = RestApi(app_name="fintegrate", configure_logs=False)  # Chalice's would hide the layer's
    app.register_middleware(request_scope(metrics, origins), "http")
    serve(app, os.environ.get("SYSTEM"), on_demand=os.environ.get("_HANDLER") == "app.app")
