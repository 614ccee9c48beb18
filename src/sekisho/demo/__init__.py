"""An invented service area whose files look like a utility's, with the truth beside them.

Real customer data may not be shown, and small tidy examples hide what goes wrong: names that change their
writing at a switch, movers, gaps, several households at one address. This package makes as many of them as
wanted, the same for the same seed, and says in truth files what really happened, so that matching and leak
scoping can be checked.
"""

from sekisho.demo.accounts import Account, accounts
from sekisho.demo.area import Area, AreaFile, UnableToGenerate, generate

__all__ = ["Account", "Area", "AreaFile", "UnableToGenerate", "accounts", "generate"]
