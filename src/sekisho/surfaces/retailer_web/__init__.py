"""小売電気事業者ポータル: a retailer's own contracts, for the period of its own contract, and who looked at them.

Pages ask gates and show what comes back; what a retailer may see is decided below (`barrier`). A number that does not exist and
one of another retailer are the same page.
"""
