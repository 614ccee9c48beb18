"""The command line: the same gates and actions as every other surface, for people and scripts at a terminal.

Data go to stdout, progress and errors to stderr. Exit codes: 0 done, 1 refused or found wrong, 2 used
wrongly, 3 the environment stands in the way, 130 interrupted. The commands are loaded one by one, when they
are called: `--help` does not pay for the solver.
"""

from sekisho.surfaces.cli.root import main

__all__ = ["main"]
