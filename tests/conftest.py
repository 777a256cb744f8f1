"""Hypothesis: fewer examples at the desk, many and always the same ones in CI.

No deadline, as a loaded machine is not a wrong program. A property that opens a store sets its own,
smaller `max_examples`.
"""

import os

from hypothesis import settings

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
