"""Request in, page out: the same on the server and in the browser's worker."""
