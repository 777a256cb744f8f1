"""A behaviour set against the catalogue: which name each thing that happens is sent under.

What happens has a *code*: the steps come first, in the order of the service's history, then the
names of its outcomes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.city_behaviour import Behaviour, Decision, Stage
from ingest.city_calendar import SECOND, Flags
from ingest.city_truth import PlantedFriction, StepRule, step_rules
from journeys.errors import ServiceDefinitionError, UnknownServiceError, UnknownStepError
from journeys.service import CHANNELS, Actor, Outcome, Service, ServiceHistory, Step

WAITS_OF = {"slow_step": ("active", "later"), "slow_hand_off": ("office", "round")}


@dataclass(frozen=True, slots=True)
class StageRule:
    """What the walk must know of a stage, beside its behaviour.

    Attributes:
        code: Of its step.
        on_path: By path, whether it has this stage.
        with_customer: Who waits for whom afterwards: the city for the customer, or not.
        deadline: Milliseconds of silence allowed.
        before_sending: The round's close still cuts it off.
        decided: The journey is over, and nobody waits for the city any more.
        planted: Friction planted here, as places in the city's list.
    """

    code: int
    on_path: Flags
    with_customer: bool
    deadline: int
    before_sending: bool
    decided: bool
    planted: tuple[int, ...]


class Script:
    """One service's behaviour, with codes for names.

    Attributes:
        key: The service.
        behaviour: What people do.
        history: Its definitions.
        paths: Keys of its paths.
        rules: What each step does to the ball, by code.
        stages: One rule a stage; None for the decision.
        outcomes: Code, step it is a visit of, and the outcome, by outcome and name.
        help_code: The help step's code; None if the service has none.
        starts: When each version begins to be valid, ms.
        names: Raw names by version, code and channel: a call for help is named by its channel.
    """

    def __init__(
        self, history: ServiceHistory, behaviour: Behaviour, planted: Sequence[PlantedFriction]
    ) -> None:
        self.key = history.key
        self.history = history
        self.behaviour = behaviour
        self.paths = tuple(behaviour.paths)
        self.codes = {key: code for code, key in enumerate(history.step_keys)}
        self.rules: list[StepRule] = step_rules(history)
        newest = history.newest
        self._outcome_names = [
            (outcome, name) for outcome, names in newest.outcomes.items() for name in names
        ]
        self.help_code = next((rule.order for rule in self.rules if rule.help), None)
        self.starts = [round(start.timestamp() * SECOND) for start in history.starts]
        self._check(planted)
        self.names = self._names()
        self.stages = [
            None if isinstance(stage, Decision) else self._stage_rule(index, stage, planted)
            for index, stage in enumerate(behaviour.stages)
        ]

    def _names(self) -> list[list[list[str]]]:
        return [
            [
                *(self._step_names(version, key) for key in self.history.step_keys),
                *(
                    [_outcome_name(version, outcome, name)] * len(CHANNELS)
                    for outcome, name in self._outcome_names
                ),
            ]
            for version in self.history.versions
        ]

    def channel(self, code: int, wanted: str) -> int:
        """Number of the channel wanted if the step can be done there, else of the step's first."""
        offered = self.history.step(self.rules[code].key).channels or ("web",)
        return CHANNELS.index(wanted if wanted in offered else offered[0])

    def outcome_code(self, outcome: Outcome, stage: Stage | None = None) -> int:
        """Code of an outcome: of several names one that tells of the stage, else the first."""
        codes = [
            len(self.rules) + index
            for index, (declared, _) in enumerate(self._outcome_names)
            if declared is outcome
        ]
        if stage is not None:
            word = self.history.step(stage.step).touchpoints[0].partition(".")[0]
            for code in codes:
                if self._outcome_names[code - len(self.rules)][1].startswith(word):
                    return code
        return codes[0]

    def visited_by(self, code: int) -> int | None:
        """Code of the step that an outcome's name is a visit of, too."""
        _, name = self._outcome_names[code - len(self.rules)]
        index, _ = self.history.newest.resolve(name)
        return None if index is None else self.codes[self.history.newest.steps[index].key]

    def place_of(self, step: str | None, index: int) -> int:
        """Place of the stage that people at `index` turn back to; None: the one before."""
        stages = self.behaviour.stages
        places = (
            place
            for place, stage in enumerate(stages[:index])
            if isinstance(stage, Stage) and stage.step == step
        )
        return next(places, max(index - 1, 0))

    def page_before(self, index: int) -> int | None:
        """Code of the customer's last own page before the step of a stage, if there is one."""
        here = self.stages[index]
        pages = [
            stage.code
            for stage in self.stages[:index]
            if stage is not None
            and here is not None
            and stage.code < here.code
            and self.rules[stage.code].actor is Actor.CUSTOMER
            and self.rules[stage.code].passes_to is None
            and not self.rules[stage.code].optional
        ]
        return pages[-1] if pages else None

    def _check(self, planted: Sequence[PlantedFriction]) -> None:
        stages = [stage for stage in self.behaviour.stages if isinstance(stage, Stage)]
        named = [stage.step for stage in stages]
        named += [friction.step for friction in planted if friction.service == self.key]
        for key in named:
            if key not in self.codes:
                raise UnknownStepError(key, self.key, self.history.step_keys)
        named_outcomes = {outcome for outcome, _ in self._outcome_names}
        missing = [
            f"{self.key}: outcomes: no name for {outcome.value!r}, with which some of the city's "
            f"journeys end. Hint: {outcome.value}: [application.{outcome.value}]"
            for outcome in Outcome
            if outcome not in named_outcomes
        ]
        if missing:
            raise ServiceDefinitionError(missing)

    def _stage_rule(
        self, index: int, stage: Stage, planted: Sequence[PlantedFriction]
    ) -> StageRule:
        code, stages = self.codes[stage.step], self.behaviour.stages
        return StageRule(
            code=code,
            on_path=self._on_path(stage),
            with_customer=self._with_customer(index),
            deadline=self.rules[code].deadline,
            before_sending=self._is_before_sending(index),
            decided=any(isinstance(earlier, Decision) for earlier in stages[:index]),
            planted=tuple(
                number
                for number, friction in enumerate(planted)
                if friction.service == self.key and self._strikes(index, stage, friction)
            ),
        )

    def _on_path(self, stage: Stage) -> Flags:
        return np.array([not stage.paths or path in stage.paths for path in self.paths])

    def _with_customer(self, index: int) -> bool:
        """Follow the ball through the stages; a system step may leave it where it is."""
        with_customer = self.behaviour.begun_by == "customer"
        for stage in self.behaviour.stages[: index + 1]:
            if isinstance(stage, Stage):
                rule = self.rules[self.codes[stage.step]]
                if rule.passes_to is not None or rule.actor is not Actor.SYSTEM:
                    with_customer = rule.gives_customer
        return with_customer

    def _is_before_sending(self, index: int) -> bool:
        behaviour = self.behaviour
        return behaviour.closes and not any(
            isinstance(stage, Stage) and stage.step == behaviour.sent_at
            for stage in behaviour.stages[: index + 1]
        )

    def _strikes(self, index: int, stage: Stage, friction: PlantedFriction) -> bool:
        if friction.kind in WAITS_OF:
            return friction.step == stage.step and stage.wait.kind in WAITS_OF[friction.kind]
        if friction.kind == "repeat_contact":
            return False
        if friction.kind != "drop_off":
            return friction.step == stage.step
        # Where a step's customers are lost may be later than the step: they never open the mail.
        behind = self.behaviour.stages[index + 1 :]
        return _lost_at(stage) == friction.step and not any(
            isinstance(other, Stage)
            and _lost_at(other) == friction.step
            and bool((self._on_path(other) & self._on_path(stage)).any())
            for other in behind
        )

    def _step_names(self, version: Service, key: str) -> list[str]:
        steps = [step for step in version.steps if step.key == key]
        step = steps[0] if steps else self.history.step(key)
        return [_step_name(version, step, channel) for channel in CHANNELS]


def scripts_of(
    services: Mapping[str, Sequence[Service]],
    behaviours: Mapping[str, Behaviour],
    planted: Sequence[PlantedFriction],
) -> list[Script]:
    """Set each behaviour against its service's definitions.

    Raises:
        UnknownServiceError: A behaviour, or planted friction, is of a service without definition.
        UnknownStepError: As above, of a step.
        ServiceDefinitionError: A definition lacks an outcome that the city's journeys end with.
    """
    for key in behaviours:
        if key not in services:
            raise UnknownServiceError(key, services)
    for friction in planted:
        if friction.service not in behaviours:
            raise UnknownServiceError(friction.service, behaviours)
    return [
        Script(ServiceHistory(services[key]), behaviour, planted)
        for key, behaviour in behaviours.items()
    ]


def _lost_at(stage: Stage) -> str:
    return stage.step if stage.lost_at is None else stage.lost_at


def _step_name(version: Service, step: Step, channel: str) -> str:
    """A name for the step alone, if there is one: exact, else made from the first glob."""
    exact = [name for name in step.touchpoints if "*" not in name and "?" not in name]
    plain = [name for name in exact if version.resolve(name)[1] is None]
    if plain or exact:
        return (plain or exact)[0]
    return step.touchpoints[0].replace("*", channel if step.help else "open").replace("?", "1")


def _outcome_name(version: Service, outcome: Outcome, name: str) -> str:
    names = version.outcomes.get(outcome, ())
    return name if name in names or not names else names[0]
