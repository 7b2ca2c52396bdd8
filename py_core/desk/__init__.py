"""The desk: routes that work on both sides, from a plain request to a plain response."""
