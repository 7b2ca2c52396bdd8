"""Inputs that mean harm, from seeds, against the real gate with the engine in its own process.

`kinds_*` make them, `oracle` says independently of the gate what may be taken, `test_corpus` runs them.
"""
