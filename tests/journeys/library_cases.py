"""The eventsourcing library's own test cases for recorders."""

import sys
from types import ModuleType

import pytest

# They import its cipher, whose package we neither use nor install.
_cipher = ModuleType("eventsourcing.cipher")
_cipher.AESCipher = object  # type: ignore[attr-defined]
with pytest.MonkeyPatch.context() as _patch:
    _patch.setitem(sys.modules, "eventsourcing.cipher", _cipher)
    from eventsourcing.tests.persistence import (
        ApplicationRecorderTestCase,
        NonInterleavingNotificationIDsBaseCase,
        ProcessRecorderTestCase,
        TrackingRecorderTestCase,
    )

__all__ = [
    "ApplicationRecorderTestCase",
    "NonInterleavingNotificationIDsBaseCase",
    "ProcessRecorderTestCase",
    "TrackingRecorderTestCase",
]
