"""The browser's composition root: the only Python that knows the worker."""

from host import prepared_methods

# Before the first module with data classes is imported.
prepared_methods.use(lambda name: __loader__.get_data(f"{__path__[0]}/{name}"))  # type: ignore[union-attr]
