"""情報遮断: who may see what, for which purpose, compiled into PostgreSQL and proved there.

Items, audiences and the policy are data (`items`, `audiences`, `policy`). `compiler` turns them, with the gates that the
domain packages declare (`gate`), into roles, row security, views, functions and grants. `ticket` states who is asking,
`gateway` is how a surface asks, `prove` and `fuzz` show that nothing else gets through. The intent that the proof compares
with is written down separately, in `intent`.
"""
