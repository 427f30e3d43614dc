"""`make fuzz`: every target for its share of the minutes; fails where anything was found."""

from __future__ import annotations

import argparse
import sys
import time

from fuzzing.loop import watch
from fuzzing.targets import TARGETS

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--minutes", type=float, default=4.0, help="for all targets together")
parser.add_argument("--seed", type=int, default=None, help="another run's, to repeat it (default: of the time)")
parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (default: all)")
asked = parser.parse_args()
unknown = [name for name in asked.targets if name not in TARGETS]
if unknown:
    parser.error(f"there is no target {unknown[0]}; there are {', '.join(TARGETS)}")

names = asked.targets or [*TARGETS]
seed = int(time.time()) if asked.seed is None else asked.seed
total = 0
for name in names:
    tried, found = watch(name, 60 * asked.minutes / len(names), seed)
    print(f"{name}: {tried} files, seed {seed}: {found or 'nothing'} found", flush=True)  # noqa: T201
    total += found
sys.exit(1 if total else 0)
