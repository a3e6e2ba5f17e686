"""`amends worker` in simulated time: the real worker with its real jobs; only what o'clock it is comes from a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.faults.simulated_clock import install

if __name__ == "__main__":
    install(Path(os.environ["SIMULATED_CLOCK"]))
    from amends.cli.main import main

    sys.exit(main(["worker", "--concurrency", "2"]))
