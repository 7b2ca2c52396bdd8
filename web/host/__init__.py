"""The browser's composition root: the only Python that knows the worker."""
