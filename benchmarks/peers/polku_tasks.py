"""What Polku needs for parts of its report, from a warm cache: prints seconds and peak memory.

`core`: flows, variants, the funnel, and the times and repeats at each step, of all services: what
the peers are asked. `reports`: the whole JSON report of each service, in one process.
"""

import resource
import sys
import time

BEGUN = time.perf_counter()

from concurrent.futures import ThreadPoolExecutor  # noqa: E402
from pathlib import Path  # noqa: E402 - the clock runs from before the first import

import msgspec  # noqa: E402

from analysis.dwell import step_times  # noqa: E402
from analysis.funnel import funnel_steps, plan_funnel, trace_funnel  # noqa: E402
from analysis.report import AT_ONCE, journey_report  # noqa: E402
from analysis.transitions import flows  # noqa: E402
from analysis.variants import variants, walks  # noqa: E402
from delivery.app import open_house  # noqa: E402
from delivery.settings import now, read_settings  # noqa: E402
from projections.frames import Frames, read_every_service  # noqa: E402


def core(frames: Frames) -> None:
    journeys, visits, service = frames.journeys, frames.visits, frames.service

    def ways() -> None:
        walked = walks(visits)
        variants(journeys, walked, service=service, k=5)
        plan = plan_funnel(service, as_of=frames.as_of)
        funnel_steps(trace_funnel(journeys, visits, walked, plan=plan, service=service), hidden=())

    def steps() -> None:
        step_times(visits)
        visits.group_by("step").agg((visits["visit_no"] > 1).mean())

    # Side by side, as in a report.
    with ThreadPoolExecutor(max_workers=AT_ONCE) as threads:
        parts = [
            threads.submit(flows, journeys, visits, k=5),
            threads.submit(ways),
            threads.submit(steps),
        ]
    for part in parts:
        part.result()


def reports(frames: Frames) -> None:
    msgspec.json.encode(journey_report(frames))


def main() -> None:
    task = {"core": core, "reports": reports}[sys.argv[1]]
    with open_house(read_settings(data=Path(sys.argv[2]), environment={})) as house:
        for frames in read_every_service(house.log, house.models, as_of=now()):
            task(frames)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(time.perf_counter() - BEGUN, peak)


if __name__ == "__main__":
    main()
