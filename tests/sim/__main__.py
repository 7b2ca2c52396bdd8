"""`python -m tests.sim SEED` tells one seed's whole story; `--seeds N [--from M]` runs many."""

from __future__ import annotations

import argparse
import os
import sys
import time

from .run import describe, report, run_many, run_seed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", help="one seed, with its trace")
    parser.add_argument("--seeds", type=int, default=0, help="how many seeds to run")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first of them")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.seed is not None:
        outcome = run_seed(options.seed)
        print("\n".join(outcome.lines))
        print(outcome.trace_hash, outcome.counts)
        print(describe(outcome, 0) if outcome.broken else "all invariants hold")
        return 1 if outcome.broken else 0
    began = time.monotonic()
    outcomes = run_many(range(options.first, options.first + options.seeds), options.processes)
    failed = [outcome for outcome in outcomes if outcome.broken]
    for outcome in failed[:10]:
        print(describe(outcome))
    print(report(outcomes, began))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
