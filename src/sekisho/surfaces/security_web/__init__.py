"""情報管理・監視: those who see that the barrier holds, who looked at what, and who may ask at all.

They see records, permits, accounts and certificates, never the customers' items. What they change (permits, cases, accounts) goes to the
worker as a command, after a look at what it will do; nobody changes their own.
"""
