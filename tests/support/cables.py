"""A cable between one of ours and a real server, that a test can cut, block and mend; or between several."""

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

C = TypeVar("C", bound="Cable")


class Cable:
    """Forwards 127.0.0.1:port to a server.

    With `kafka` the broker's address in its answers becomes the cable's, as clients go on to where it says.
    """

    def __init__(self, host: str, port: int, *, kafka: bool = False) -> None:
        self._server = (host, port)
        self._kafka = kafka
        self._listener: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.port = 0

    async def mend(self) -> None:
        """Lets everything through, on the same port."""
        self._flowing.set()
        if self._listener is None:
            self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._listener.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Ends every connection and refuses new ones."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        for end in list(self._ends):
            end.transport.abort()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def block(self) -> None:
        """Connections stay, nothing gets through."""
        self._flowing.clear()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._ends.add(writer)
        far: asyncio.StreamWriter | None = None
        try:
            far_reader, far = await self._reach()
            self._ends.add(far)
            async with asyncio.TaskGroup() as group:
                there = group.create_task(self._pump(reader, far))
                back = group.create_task(self._pump(far_reader, writer, rewrite=self._kafka))
                await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
                there.cancel()
                back.cancel()
        except (asyncio.CancelledError, OSError):
            pass
        finally:
            for end in (writer, far):
                if end is not None:
                    self._ends.discard(end)
                    end.transport.abort()
            self._tasks.discard(task)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self._server)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, rewrite: bool = False
    ) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                data = await (self._frame(reader) if rewrite else reader.read(65536))
                if not data:
                    return
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()

    async def _frame(self, reader: asyncio.StreamReader) -> bytes:
        size = await reader.readexactly(4)
        body = await reader.readexactly(int.from_bytes(size))
        host, port = self._server
        told = host.encode() + struct.pack(">i", port)
        return size + body.replace(told, host.encode() + struct.pack(">i", self.port))


class Balancer(Cable):
    """One address for several replicas: each connection goes to the next of them that takes it."""

    def __init__(self, ports: Sequence[int]) -> None:
        super().__init__("127.0.0.1", 0)
        self.ports = list(ports)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in self.ports:
            self.ports.append(self.ports.pop(0))
            with suppress(ConnectionRefusedError):
                return await asyncio.open_connection("127.0.0.1", self.ports[-1])
        raise ConnectionRefusedError("no replica takes it")


@asynccontextmanager
async def balanced(ports: Sequence[int]) -> AsyncIterator[Balancer]:
    """A balancer at work, cut at the end."""
    async with _mended(Balancer(ports)) as made:
        yield made


@asynccontextmanager
async def cable(host: str, port: int, *, kafka: bool = False) -> AsyncIterator[Cable]:
    """A mended cable, cut at the end."""
    async with _mended(Cable(host, port, kafka=kafka)) as made:
        yield made


@asynccontextmanager
async def _mended(made: C) -> AsyncIterator[C]:
    await made.mend()
    try:
        yield made
    finally:
        await made.cut()
