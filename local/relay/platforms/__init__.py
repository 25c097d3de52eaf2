"""The other side of the relay, on this machine: one small server that behaves like all the platforms.

It is written from the platforms' documents (docs/relay/platforms.md) and imports nothing of the relay,
so that a mistake of an adapter is seen here. Each platform has a place of its own, `/meta`, `/ga4` and
so on, which is the `base_url` of a destination. `GET /_seen` shows what it holds, `POST /_behave` makes
it misbehave, `POST /_accounts` says which credential is right.
"""
