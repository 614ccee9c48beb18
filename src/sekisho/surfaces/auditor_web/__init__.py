"""監査: the auditor and the regulator read what shows that the barrier holds – certificate, matrix, passages, permits and
cases with their drafts and reviews, findings of leak scoping – and change nothing.
"""
