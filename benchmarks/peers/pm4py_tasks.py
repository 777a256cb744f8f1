"""What pm4py needs to load the log and find flows, variants and rework: prints its seconds."""

import sys
import time

import pandas as pd
import pm4py


def main() -> None:
    begun = time.perf_counter()
    log = pd.read_parquet(sys.argv[1])
    for _, part in log.groupby("service"):
        events = pm4py.format_dataframe(
            part, case_id="case", activity_key="name", timestamp_key="moment"
        )
        pm4py.discover_dfg(events)
        pm4py.get_variants(events)
        pm4py.get_rework_cases_per_activity(events)
    print(time.perf_counter() - begun)


if __name__ == "__main__":
    main()
