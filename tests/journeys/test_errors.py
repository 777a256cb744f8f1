"""Errors say what, where and why, and end with a value that would work."""

from journeys.errors import ServiceDefinitionError, UnknownServiceError, UnknownStepError


def test_unknown_service_is_told_the_nearest_one() -> None:
    error = UnknownServiceError("varamo", ["parking", "varaamo"])

    assert str(error) == (
        "service 'varamo' is not known. Hint: did you mean 'varaamo'? "
        "Known services: parking, varaamo"
    )
    assert (error.key, error.known) == ("varamo", ("parking", "varaamo"))


def test_unknown_service_of_none_is_told_that_there_are_none() -> None:
    assert str(UnknownServiceError("varaamo", [])).endswith("Hint: there are no services yet")


def test_unknown_step_is_told_all_there_are() -> None:
    error = UnknownStepError("pya", "parking", ["open_form"])

    assert str(error) == (
        "step 'pya' is not a step of service 'parking'. Hint: known steps: open_form"
    )


def test_definition_errors_keep_every_problem() -> None:
    error = ServiceDefinitionError(["a.yaml: key: is missing", "b.yaml: steps: are none"])

    assert str(error).splitlines() == list(error.problems)
