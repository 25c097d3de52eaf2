"""The OpenAPI 3.1 document of the systems that a process serves, made from the live routes.

`document` assembles it. Each route's `Endpoint` says what it takes, gives and may refuse. The models
that validate requests describe their fields. Each system's `Description` says the rest. This package
has no text of any system. Source: https://spec.openapis.org/oas/v3.1.1
"""
