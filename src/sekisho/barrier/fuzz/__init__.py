"""Obligation 4: the two-run fuzz, and how strong it is.

A proof speaks of views and gate bodies; what else a caller could notice (order, counts, errors, whole answers of functions, the
record) is tried out here. Two databases that agree on everything a caller may know, by the intent and not by the policy, and differ in
everything else, must answer every call alike; and no token of a hidden cell may appear in any answer. How much that is worth is
measured by breaking the barrier, one clause at a time, and demanding that someone notices. See docs/fuzz.md.
"""
