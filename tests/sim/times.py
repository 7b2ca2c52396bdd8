"""Spans of the virtual clock, in milliseconds."""

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
TIMEOUT_MS = 120_000
