"""Prometheus measurements of one surface process. Labels are routes and states: never a person, a company or a point."""

from prometheus_client import Counter, Histogram

REQUESTS = Counter("sekisho_requests_total", "Requests answered", ["route", "method", "status"])
SECONDS = Histogram(
    "sekisho_request_seconds",
    "Time to answer",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
THROTTLED = Counter("sekisho_throttled_total", "Requests refused because they came too fast")
UNREACHABLE = Counter("sekisho_database_unreachable_total", "Answers 503 because the database did not answer")
