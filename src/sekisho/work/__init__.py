"""The command queue: surfaces submit through gates, the worker decides and writes.

`tables.sql` holds the queue, `gates` what a submitter may see of it, `queue` how the worker takes, runs and finishes a command in one
transaction with what the command writes.
"""
