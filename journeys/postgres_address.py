"""Where a PostgreSQL database is: an address with a password in it that is never shown.

```python
address = PostgresAddress.of("postgresql://polku:secret@db.example.org/city")
str(address)  # postgresql://polku@db.example.org/city
```
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

SCHEMES = ("postgresql", "postgres")
FORM = "postgresql://user:password@host:port/name"


@dataclass(frozen=True, kw_only=True)
class PostgresAddress:
    """An address that libpq understands; it is shown without what may be secret.

    Attributes:
        url: As given, for the driver alone.
        parameters: The same in libpq's words: host, port, user, password, dbname and others.
        shown: Without password and further parameters.
    """

    url: str = field(repr=False)
    parameters: Mapping[str, str] = field(repr=False)
    shown: str

    def __str__(self) -> str:
        return self.shown

    @staticmethod
    def is_one(url: object) -> bool:
        """Tell whether a URL means PostgreSQL."""
        return str(url).partition("://")[0] in SCHEMES

    @classmethod
    def of(cls, url: str) -> Self:
        """Read an address.

        Raises:
            ValueError: It cannot be one; the message shows nothing of it and holds a hint.
        """
        from psycopg import ProgrammingError  # noqa: PLC0415 - 0.1 s for those who need none
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

        if not cls.is_one(url):
            raise ValueError(f"it is no address of a PostgreSQL database. Hint: {FORM}")
        try:
            found = {name: str(told) for name, told in conninfo_to_dict(url).items()}
        except ProgrammingError:
            found = {}  # what libpq says may show the password
        host, port, name = (found.get(part, "") for part in ("host", "port", "dbname"))
        if not found or "@" in host + name or port.strip("0123456789,"):
            # A password with one of these ends early, and the rest of it would be shown as a host.
            raise ValueError(
                f"it cannot be read as {FORM}. Hint: a password with one of @ / : % has to be "
                "percent-encoded: "
                "python3 -c 'from urllib.parse import quote; print(quote(input(), safe=\"\"))'"
            )
        user = f"{found['user']}@" if "user" in found else ""
        port = f":{port}" if port.strip(",") else ""
        return cls(url=url, parameters=found, shown=f"postgresql://{user}{host}{port}/{name}")
