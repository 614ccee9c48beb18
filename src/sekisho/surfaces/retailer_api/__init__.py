"""The retailers' API, `/api/v1`: the same gates as the portal, for machines.

`tokens` turns client credentials into a caller, `schemas` says what goes over the wire, `operations` are the endpoints, `problems` the
errors (RFC 9457), `conditional` the ETags. `urls` puts them together; the OpenAPI document is at `/api/v1/openapi.json`.
"""
