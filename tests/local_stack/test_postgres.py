"""A real PostgreSQL: started, stopped, killed, started again."""

import socket
from pathlib import Path

import asyncpg
import pytest
from local_stack import ports
from local_stack.errors import LocalStackError, PortInUse
from local_stack.postgres import LocalPostgres


async def test_what_was_committed_is_there_after_a_kill(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path / "postgres", ports.free()) as server:
        connection = await asyncpg.connect(server.url)
        await connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
        assert await connection.fetchval("SHOW fsync") == "on"
        await connection.close()
        assert server.child is not None
        server.child.kill()

        server.start()

        connection = await asyncpg.connect(server.url)
        assert await connection.fetchval("SELECT n FROM kept") == 1
        await connection.close()
    assert server.child.code == 0
    assert not server.answers()


async def test_a_database_is_made_once(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path / "postgres", ports.free(), password="long-and-secret") as server:
        server.create_database("bridge")
        server.create_database("bridge")

        connection = await asyncpg.connect(server.url_of("bridge"))
        await connection.close()

    with pytest.raises(LocalStackError, match=r"^the database bridge could not be made: .*refused"):
        server.create_database("bridge")


async def test_with_a_password_nobody_gets_in_without(tmp_path: Path) -> None:
    with LocalPostgres(tmp_path / "postgres", ports.free(), password="long-and-secret") as server:
        connection = await asyncpg.connect(server.url)
        await connection.close()

        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.url.replace("long-and-secret", "guessed"))
    assert not list(tmp_path.glob("postgres.????????"))  # noqa: ASYNC240 - the server is stopped


def test_a_folder_closed_to_others_is_no_obstacle(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    with LocalPostgres(closed / "postgres", ports.free()) as server:
        assert server.answers()


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(PortInUse, match=rf"^PostgreSQL: port {port} .*LOCAL_POSTGRES_PORT$"):
            LocalPostgres(tmp_path / "postgres", port).start()


def test_a_server_that_cannot_start_is_told_with_its_last_lines(tmp_path: Path) -> None:
    server = LocalPostgres(tmp_path / "postgres", ports.free())
    with server:
        pass
    (server.data / "PG_VERSION").write_text("3\n")

    with pytest.raises(LocalStackError, match=r"(?s)^PostgreSQL ended with exit code \d+; .*incompatible"):
        server.start()
