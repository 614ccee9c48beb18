"""The words that every package shares: points, retailers, half-hours, periods, energy and money, folded text.

Pure: nothing here reads a clock, a file or a database.
"""
