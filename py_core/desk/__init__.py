"""Request in, page out: the same on the server and in the browser's worker."""

from py_core.desk.problems import problem_page
from py_core.desk.routes import asks_proof, has_page, only_looks, respond

__all__ = ["asks_proof", "has_page", "only_looks", "problem_page", "respond"]
