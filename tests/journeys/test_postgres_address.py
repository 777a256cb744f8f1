"""The address of a PostgreSQL database: understood as libpq does, shown without its secrets."""

import pytest

from journeys.postgres_address import PostgresAddress


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://polku:s3cret@db:5432/city", "postgresql://polku@db:5432/city"),
        ("postgres://polku:s3cret@db/city", "postgresql://polku@db/city"),
        ("postgresql:///city?password=s3cret&host=db", "postgresql://db/city"),
        ("postgresql://polku:%40s3cret%2F@a,b/city?sslmode=require", "postgresql://polku@a,b/city"),
        ("postgresql://postgres:s3cret@/city?host=/run/pg", "postgresql://postgres@/run/pg/city"),
        ("postgresql://db", "postgresql://db/"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    address = PostgresAddress.of(url)

    assert str(address) == shown
    assert "s3cret" not in f"{address} {address!r}"
    assert address.url == url
    assert address.parameters.get("password", "") in ("", "s3cret", "@s3cret/")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite:///s3cret.db", "no address of a PostgreSQL database"),
        ("s3cret", "no address of a PostgreSQL database"),
        ("postgresql://polku:a@s3cret@db/city", "percent-encoded"),
        ("postgresql://polku:a/s3cret@db/city", "percent-encoded"),
        ("postgresql://polku:s3cret%zz@db/city", "percent-encoded"),
        ("postgresql://db:s3cret/city", "percent-encoded"),
    ],
)
def test_what_cannot_be_an_address_is_refused_and_not_shown(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        PostgresAddress.of(url)

    assert "s3cret" not in str(refused.value)
    assert "Hint: " in str(refused.value)


def test_only_two_schemes_mean_postgresql() -> None:
    meant = [PostgresAddress.is_one(f"{s}:///x") for s in ("postgresql", "postgres", "sqlite")]

    assert meant == [True, True, False]
