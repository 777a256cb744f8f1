"""What each reason for a rejection means, and what to do about it."""

from ingest.envelope import MAX_BYTES, MAX_DEPTH
from ingest.rejections import Reason
from journeys.quarantine import Quarantined

MEANS: dict[Reason, str] = {
    "payload_not_json": "It is not JSON in UTF-8.",
    "not_cloudevent": "It is JSON, but not a CloudEvent with a touchpoint: a field that every one "
    "has is missing, empty or of another type.",
    "unsupported_specversion": "It is a CloudEvent of another version than 1.0.",
    "missing_time": "It does not say when it happened, and nothing is made up here.",
    "bad_time": "Its time cannot be read, or there is no such day or hour.",
    "naive_time": "Its time has no offset from UTC: it could mean any zone.",
    "time_out_of_range": "Its time lies before 1990, or more than a day after it was received.",
    "unknown_service": "It is about a service that has no definition here.",
    "missing_reference": "It carries neither a case nor a person: nobody's journey.",
    "personal_data": "It has personal data, or its own case or person, in a field that is not for "
    "that.",
    "conflict": "A touchpoint with its source and id came before it and says something else. The "
    "first one stands.",
    "too_large": f"It has more than {MAX_BYTES:,} bytes.",
    "too_deep": f"It is nested more than {MAX_DEPTH} deep.",
    "tombstone": "It has no value. Nothing is deleted here by sending nothing.",
    "bad_row": "One of its fields breaks the contract, or its line could not be read whole.",
}
"""What each reason means, in a sentence or two."""


def advice(item: Quarantined) -> str:
    """Say what to do about a rejection that waits, and whose record cannot be stored as it is."""
    position, rejection = item.position, item.rejection
    dismiss = f"polku quarantine dismiss {position} --because"
    retry = f"polku quarantine retry {position}"
    of_topic = rejection.origin.startswith("kafka:")
    of_rows = not of_topic and "/" in rejection.origin
    match rejection.reason:
        case "unknown_service":
            return (
                f"Write its service's definition, or mend its key, then: {retry}. If the service "
                f"is not for Polku: {dismiss} unwanted"
            )
        case "time_out_of_range":
            return (
                f"If its time was ahead, wait until it has come, then: {retry}. Else have it "
                f"mended where it comes from, and then: {dismiss} mended"
            )
        case "conflict" if not of_rows:
            return (
                "Have its producer give each touchpoint an id of its own; a touchpoint cannot be "
                f"changed by sending it again. Then: {dismiss} mended, or unwanted if the first "
                "one is right"
            )
        case "tombstone":
            return f"{dismiss} unwanted"
    if of_rows:
        return (
            "Mend it in the system the file comes from, and read the new file. A row that is told "
            f"by its number is off the list then; else: {dismiss} mended"
        )
    return (
        "Have its producer mend it and send it again, as a new record. Then: "
        f"{dismiss} mended. If a new release of Polku can read it: {retry}"
    )
