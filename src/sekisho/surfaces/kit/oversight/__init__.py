"""Pages that those share who watch over reading: information security and the auditor.

Each is asked through the gate of its own audience, which the address configuration of a surface binds; a page decides nothing about
who may see what. Whoever may also act (grant, review) adds that on the surface itself.
"""
