"""利用者アカウント: who may sign in to a surface, apart from everything that may be read there.

Each audience's accounts, sessions and second factors live in a schema of their own, reached by a login that reaches nothing
else; what an account may read is not written here but in `barrier.permit`. One account is one person. A second factor (TOTP
or passkey) is mandatory, and every sign-in, failure and change of a factor is an event.

`actions` creates and ends accounts from outside a surface process (the worker, the demonstration, the command line);
`backend`, `adapters` and `middleware` are how Django and django-allauth sign people in.
"""
