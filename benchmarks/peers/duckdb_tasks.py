"""What DuckDB needs for the core of our report, out of the log as it came: prints its seconds.

The flows of each service with the median and 90th percentile of each, the ten most walked variants,
the quantiles of the time at each touchpoint, the share of repeats, and a funnel of the five most
frequent touchpoints. Its database is in memory, the log one Parquet file.
"""

import sys
import time

import duckdb

VISITS = """
    CREATE VIEW visits AS SELECT service, "case", name, moment,
        lead(name) OVER journey AS next,
        epoch(lead(moment) OVER journey - moment) AS dwell,
        row_number() OVER (PARTITION BY service, "case", name ORDER BY moment, id) AS visit
    FROM log WINDOW journey AS (PARTITION BY service, "case" ORDER BY moment, id)
"""
TASKS = (
    """
    SELECT service, name, next, count(*), quantile_cont(dwell, [0.5, 0.9])
    FROM visits WHERE next IS NOT NULL GROUP BY ALL
    """,
    """
    SELECT service, walk, count(*) AS n
    FROM (
        SELECT service, "case", string_agg(name, '>' ORDER BY moment, id) AS walk
        FROM log GROUP BY ALL
    )
    GROUP BY service, walk QUALIFY row_number() OVER (PARTITION BY service ORDER BY n DESC) <= 10
    """,
    """
    SELECT service, name, quantile_cont(dwell, [0.5, 0.9]), avg((visit > 1)::INT), count(*)
    FROM visits GROUP BY ALL
    """,
    """
    WITH steps AS (
        SELECT service, name, row_number() OVER (PARTITION BY service ORDER BY count(*) DESC) AS n
        FROM log GROUP BY service, name QUALIFY n <= 5
    ),
    firsts AS (
        SELECT log.service, "case", n, min(moment) AS moment
        FROM log JOIN steps USING (service, name) GROUP BY ALL
    ),
    reached AS (
        SELECT *, list(moment) OVER (PARTITION BY service, "case" ORDER BY n) AS ats FROM firsts
    )
    SELECT service, n, count(*) FROM reached WHERE len(ats) = n AND ats = list_sort(ats)
    GROUP BY ALL
    """,
)


def main() -> None:
    begun = time.perf_counter()
    database = duckdb.connect()
    database.read_parquet(sys.argv[1]).create_view("log")
    database.execute(VISITS)
    for task in TASKS:
        database.execute(task).fetchall()
    print(time.perf_counter() - begun)


if __name__ == "__main__":
    main()
