"""Measurements: each module has `run(argv) -> dict` and is called as `./sekisho bench NAME`."""
