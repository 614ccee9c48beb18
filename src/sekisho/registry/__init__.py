"""顧客情報: supply points, customers, contracts and the facts that a contract carries.

The utility holds what every retailer's customers are, so entitlement must be part of the data itself: each
fact names its holder and lies inside that holder's contract (`tables.sql`). `files` says which columns a file
has, `importing` and `exporting` move them, `rules` decide, and `actions` write: also the corrections that
re-split the past in one transaction.
"""
