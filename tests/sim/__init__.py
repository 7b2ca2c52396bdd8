"""The whole system from one seed: devices, lines, the record, faults, in one process and in virtual time.

Owns nothing of the product. `world.run(seed)` is the one entry; `python -m tests.sim SEED` reruns a failing seed.
"""
