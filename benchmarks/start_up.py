"""`polku --help` against `python -c pass`: what a person waits for before anything begins."""

import subprocess
import sys
import time
from collections.abc import Callable

from rounds import Target, finish, options, take_turns


def main() -> None:
    asked = options(__doc__, size=0, rounds=10)
    seconds = take_turns(
        {
            "python -c pass": starting("-c", "pass"),
            "polku --help": starting("-c", "from delivery.cli import main; main()", "--help"),
        },
        asked.rounds,
    )
    bare, ours = seconds.values()
    finish(
        "start_up",
        seconds=seconds,
        touchpoints=None,
        targets=[
            Target(
                "seconds more",
                [one - other for one, other in zip(ours, bare, strict=True)],
                0.3,
                at_most=True,
            )
        ],
        check=asked.check,
    )


def starting(*words: str) -> Callable[[], float]:
    def run() -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begun

    return run


if __name__ == "__main__":
    main()
