"""Log lines of the processes without pages: one JSON object a line, without personal data, as the surfaces write them."""

import logging

from sekisho.surfaces.kit.logs import JsonLines


def write_json_lines(process: str) -> None:
    """Let every log record of this process end as a line on stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(process))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
