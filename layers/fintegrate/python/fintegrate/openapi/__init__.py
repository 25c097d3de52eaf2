"""The OpenAPI 3.1 document of the systems that a process serves, made from the live routes.

`document` puts it together. Each route's `Endpoint` says what it takes, gives and may refuse; the
models that validate requests describe their fields; each system's `Description` says the rest. No
system's words stand here. Source: https://spec.openapis.org/oas/v3.1.1
"""
