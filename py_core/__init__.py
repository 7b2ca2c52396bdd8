"""The law and the cases: pure functions that run unchanged in the browser (Pyodide) and on the server.

Nothing in here reads a clock, draws a random number or does I/O: `now` and new ids are arguments.
"""

__version__ = "0.1.0"
