"""The OpenAPI 3.1 document of this system, made from the live routes.

`document` puts it together; each route's `Endpoint` says what it takes, gives and may refuse, and the
same pydantic models that validate requests describe them. Source: https://spec.openapis.org/oas/v3.1.1
"""
