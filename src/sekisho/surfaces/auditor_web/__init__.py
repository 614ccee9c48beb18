"""監査: the auditor and the regulator read what shows that the barrier holds – certificate, matrix, passages, permits, cases – and change
nothing.
"""
