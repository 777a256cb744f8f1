"""Waiting for what is away: a broker or a store that will be back.

Waits grow from half a second to half a minute, each drawn at random, so that several processes do
not come back in step. They end at once when the run is told to stop.
"""

from collections.abc import Callable
from threading import Event
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    sleep_using_event,
    stop_when_event_set,
    wait_random_exponential,
)

from journeys.errors import LogAwayError

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0

Result = TypeVar("Result")


class StoppedError(Exception):
    """The run was told to stop while it waited; never leaves the run."""


def sentence(error: BaseException | None) -> str:
    """End what an error says, so that more can be said behind it; a hint may be a question."""
    said = str(error)
    return said if said.endswith(("?", ".")) else f"{said}."


def patiently(  # noqa: PLR0913 - each is one thing the caller decides
    call: Callable[[], Result],
    *,
    is_away: Callable[[BaseException], bool],
    stop: Event,
    say: Callable[[str], None],
    what: str,
    hint: str = "",
) -> Result:
    """Call until it succeeds, or fails for another reason than that the other side is away.

    Args:
        call: What to do.
        is_away: Whether an error says that trying again may help.
        stop: Set to give up.
        say: Told once that it is away, and once that it is back.
        what: What is called, for those sentences.
        hint: What to look at if it stays away.

    Raises:
        StoppedError: `stop` was set first.
    """

    def tell(state: RetryCallState) -> None:
        if state.attempt_number == 1 and state.outcome is not None:
            advice = hint and f" Hint: {hint}"
            said = state.outcome.exception()
            say(f"{what} does not answer: {said}. Trying until it does.{advice}")

    retrying = Retrying(
        retry=retry_if_exception(is_away),
        wait=wait_random_exponential(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S),
        stop=stop_when_event_set(stop),
        sleep=sleep_using_event(stop),
        before_sleep=tell,
        reraise=True,
    )
    try:
        result = retrying(call)
    except Exception as error:
        if stop.is_set() and is_away(error):
            raise StoppedError from error
        raise
    if retrying.statistics.get("attempt_number", 1) > 1:
        say(f"{what} answers again.")
    return result


def until_the_log_answers(
    call: Callable[[], Result],
    *,
    stop: Event,
    say: Callable[[str], None],
    may_pass: tuple[type[Exception], ...] = (LogAwayError,),
) -> Result:
    """Call what needs the log until it answers, as `patiently` does.

    Args:
        call: What to do.
        stop: Set to give up.
        say: Told once that it is away, and once that it is back.
        may_pass: Errors that say that trying again may help.

    Raises:
        StoppedError: `stop` was set first.
    """
    return patiently(
        call,
        is_away=lambda error: isinstance(error, may_pass),
        stop=stop,
        say=say,
        what="the log",
    )
