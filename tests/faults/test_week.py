"""A week passes with workers killed at random: no deadline is broken in silence, and no customer is acknowledged twice.

AMENDS_FAULT_WEEK says how many complaints (80), AMENDS_FAULT_SEED which week (7); `python -m tests.faults.week` is the
long one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.running import SETTINGS_THAT_WOULD_INTERFERE
from tests.faults.simulated_clock import SimulatedClock

ROOT = Path(__file__).resolve().parents[2]
COMPLAINTS = os.environ.get("AMENDS_FAULT_WEEK", "80")
SEED = os.environ.get("AMENDS_FAULT_SEED", "7")
KILLS = 3


def week() -> dict[str, Any]:
    """The figures of a week of its own, in processes of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS_THAT_WOULD_INTERFERE}
    done = subprocess.run(
        [
            sys.executable, "-m", "tests.faults.week", "--complaints", COMPLAINTS, "--seed", SEED,
            "--kills", str(KILLS), "--step-minutes", "360",
        ],
        env={**kept, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )  # fmt: skip
    print(done.stdout, done.stderr[-4000:])
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


@pytest.mark.processes
def test_a_week_with_workers_killed_at_random_has_no_silent_breach() -> None:
    figures = week()
    assert figures["problems"] == []
    assert figures["steps_not_finished"] == 0
    assert figures["workers_killed"] >= KILLS + 2
    assert figures["breaches"]["ran_out"] == figures["breaches"]["records"] == figures["breaches"]["alerts"]
    assert figures["breaches"]["ran_out"] > int(COMPLAINTS) // 5
    assert figures["acknowledgements"]["sent"] > int(COMPLAINTS) // 3
    assert figures["acknowledgements"]["copies"] <= figures["workers_killed"]
    assert figures["sensitive"]["cases"] > 0


def test_the_simulated_time_is_the_same_for_whoever_reads_the_file(tmp_path: Path) -> None:
    driver, reader = SimulatedClock(tmp_path / "clock"), SimulatedClock(tmp_path / "clock")
    moment = datetime(2031, 3, 3, 9, 30, 0, 123456, tzinfo=UTC)
    driver.set(moment)
    assert reader.now() == moment
    driver.set(moment + timedelta(days=7))
    assert reader.now() == moment + timedelta(days=7)
