"""The stand-alone verifier: one file that a regulator runs on a bundle, with Python alone.

`sekisho_verify.py` imports the standard library only and shares no line with the code that writes the log, so
that one mistake cannot sit on both sides. It lies here as a file to be copied out, read and run elsewhere;
the command `sekisho ledger verify` runs this same file.
"""

from pathlib import Path
from typing import Final

VERIFIER: Final = Path(__file__).with_name("sekisho_verify.py")
