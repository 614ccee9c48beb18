"""API clients: the machines of retailers, their credentials and their short-lived tokens.

Secrets and tokens are random 256-bit values, so a single SHA-256 is enough to keep them hashed: there is nothing to guess. A client is
one machine of one company and has a permit of its own like a person; its tokens live a quarter of an hour and can be revoked.
"""
