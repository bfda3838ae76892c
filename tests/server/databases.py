"""Databases of a server, made as copies of a template in a tenth of a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connections
from psycopg import sql

from zhida_server.settings import database_of


def address_of(server: str, name: str) -> str:
    """Return the address of another database of a server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}", netloc=urlsplit(server).netloc or "localhost"))


def point_at(server: str, name: str = "") -> None:
    """Let Django use a database."""
    connections["default"].close()
    connections["default"].settings_dict.update(database_of(address_of(server, name) if name else server) | {"CONN_MAX_AGE": 0})


@contextmanager
def cloned(server: str, template: str, name: str) -> Iterator[str]:
    """Make a database as a copy of another; it is dropped at the end."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(name), sql.Identifier(template))
        )
    try:
        yield address_of(server, name)
    finally:
        connections.close_all()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def emptied_of_connections(server: str, name: str) -> None:
    """End what is still connected to a database."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
