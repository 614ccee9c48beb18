"""What the embedded server is told: safe against a neighbour on the machine, and silent about customers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

SUPERUSER = "postgres"
FILE_NAME = "sekisho.conf"

# Passwords everywhere: neither the socket nor the loopback address says who is calling.
HOST_RULES = """\
# type  database     user  address        method
local   all          all                  scram-sha-256
host    all          all   127.0.0.1/32   scram-sha-256
local   replication  all                  scram-sha-256
host    replication  all   127.0.0.1/32   scram-sha-256
"""

_ALWAYS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "400",
    "max_locks_per_transaction": "256",  # a query over all monthly partitions locks each of them
    "max_wal_size": "2GB",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    # The passage that a rolled-back reader cannot escape is decoded from the write-ahead log.
    "wal_level": "logical",
    "max_wal_senders": "10",
    "max_replication_slots": "10",
    "max_slot_wal_keep_size": "10GB",  # a slot that nobody reads must not fill the disk
    "timezone": "Asia/Tokyo",
    "log_timezone": "Asia/Tokyo",
    "datestyle": "ISO, YMD",
    "lc_messages": "C",
    # INVARIANT: the server's log holds no customer data. Statements, parameters and the text of errors (which
    # quotes values) are left out: `log` admits the server's own messages, FATAL and PANIC, but not ERROR.
    # Damage to data pages therefore shows in pg_stat_database.checksum_failures, not in the log.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_autovacuum_min_duration": "-1",
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",  # a week, then overwritten
    "log_rotation_age": "1d",
    "log_truncate_on_rotation": "on",
    "log_file_mode": "0600",
}

_NOT_DURABLE: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum_naptime": "10min",
}


def server_settings(
    *, port: int, socket_directory: Path, log_directory: Path, durable: bool, memory_bytes: int
) -> dict[str, str]:
    """Return PostgreSQL's settings; `memory_bytes` is the machine's memory.

    `durable=False` is for databases that are thrown away: a crash of the machine may lose them.
    """
    settings = {
        **_ALWAYS,
        "port": str(port),
        "unix_socket_directories": f'"{socket_directory}"',  # a list: quoted, so that a comma is no separator
        "log_directory": str(log_directory),
        "shared_buffers": f"{shared_buffers_megabytes(memory_bytes=memory_bytes)}MB",
    }
    if _small_shared_memory():
        settings["dynamic_shared_memory_type"] = "mmap"
    return settings if durable else {**settings, **_NOT_DURABLE, "shared_buffers": "256MB"}


def render(*, settings: Mapping[str, str]) -> str:
    """Return the settings as a configuration file."""
    lines = (f"{name} = {_quoted(value)}" for name, value in settings.items())
    return "# Written at each start by sekisho; changes here are lost.\n" + "\n".join(lines) + "\n"


def shared_buffers_megabytes(*, memory_bytes: int) -> int:
    """An eighth of the memory: the processes of the surfaces and the archive's queries need the rest."""
    return max(64, min(2048, memory_bytes // 8 // 2**20))


def machine_memory_bytes() -> int:
    """Return the machine's physical memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _small_shared_memory() -> bool:
    # Containers often have 64 MB there, too little for a parallel query.
    try:
        return shutil.disk_usage("/dev/shm").total < 2**30  # noqa: S108 - the kernel's shared memory, not a file
    except OSError:
        return True


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
