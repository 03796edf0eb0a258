"""The credentials service's candidate keys over its internal HTTP."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Generic, TypeVar

import aiohttp
from pydantic import SecretStr

from runtime import tracing
from runtime.candidate_keys.errors import Erased, KeysUnavailable, UnknownKey, Unreadable
from runtime.candidate_keys.jwe import RECORD_BYTES, CandidateKey, header_of
from runtime.candidate_keys.person import Person
from runtime.candidate_keys.pool import Allotted

_PATH = "/internal/candidate-keys"

A = TypeVar("A")
Q = TypeVar("Q")


class _Gone(Enum):
    ERASED = "erased"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose keys are meant, in one company: exactly one of the three."""

    company_id: str
    candidate_id: str | None = None
    email: str | None = None
    order_ids: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns the body of erase and list."""
        given: dict[str, Any] = {"company_id": self.company_id}
        if self.candidate_id is not None:
            given["candidate_id"] = self.candidate_id
        if self.email is not None:
            given["email"] = self.email
        if self.order_ids:
            given["order_ids"] = list(self.order_ids)
        return given


@dataclass(frozen=True, slots=True)
class Binding:
    """Whose order a key was used for."""

    key_id: str
    company_id: str
    order_id: str
    received_at: datetime
    candidate_id: str | None = None
    email: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns one of the bodies of bind."""
        return {
            "key_id": self.key_id,
            "company_id": self.company_id,
            "order_id": self.order_id,
            "received_at": self.received_at.isoformat(),
            "candidate_id": self.candidate_id,
            "email": self.email,
        }


class CandidateKeys:
    """Each call ends within `deadline` seconds. All raise KeysUnavailable; try again.

    What is asked one by one travels together: a service that works on many orders asks once for all of them.
    """

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        credentials_url: str,
        token: SecretStr,
        deadline: float = 10.0,
    ) -> None:
        self._session = session
        self._url = credentials_url.rstrip("/") + _PATH
        self._token = token
        self._timeout = aiohttp.ClientTimeout(total=deadline)
        self._finding: _Together[str, CandidateKey | _Gone] = _Together(self._find)
        self._binding: _Together[Binding, bool] = _Together(self._bind)

    async def allot(self, count: int) -> Allotted:
        """See `runtime.candidate_keys.pool.Allotting`."""
        answer = await self._post("/allot", {"count": count})
        try:
            records = base64.b64decode(answer["keys"], validate=True)
            wrapping_key = answer["wrapping_key"]
        except (KeyError, TypeError, ValueError) as error:
            raise _not_understood() from error
        if len(records) != count * RECORD_BYTES:
            raise _not_understood()
        return Allotted(records, wrapping_key)

    async def open(self, sealed: str) -> tuple[Person, CandidateKey | None]:
        """Returns who is sealed in it, and the key of its own when it has one.

        Raises Erased, UnknownKey, Unreadable.
        """
        header = header_of(sealed)
        if header["alg"] != "dir":
            return Person.of_plain(await self._unwrap(sealed)), None
        key = await self._finding.ask(header["kid"])
        if key is _Gone.ERASED:
            raise Erased(header["kid"])
        if not isinstance(key, CandidateKey):
            raise UnknownKey(header["kid"])
        return Person.of_plain(key.open(sealed)), key

    async def bind(self, binding: Binding) -> None:
        """Tells whose key it is from now on. Raises Erased when that person's data was erased meanwhile."""
        if await self._binding.ask(binding):
            raise Erased(binding.key_id)

    async def erase(self, subject: Subject) -> tuple[int, list[str]]:
        """Destroys the person's keys; returns how many, and the orders they were used for. Repeatable."""
        answer = await self._post("/erase", subject.to_json())
        return int(answer["erased"]), [str(one) for one in answer["orders"]]

    async def orders(self, subject: Subject) -> list[str]:
        """Returns the orders the person's keys were used for."""
        return [str(one) for one in (await self._post("/list", subject.to_json()))["orders"]]

    async def _find(self, key_ids: Sequence[str]) -> list[CandidateKey | _Gone]:
        answer = await self._post("/find", {"ids": sorted(set(key_ids))})
        try:
            known: dict[str, CandidateKey | _Gone] = dict.fromkeys(answer["erased"], _Gone.ERASED)
            known |= {
                one["id"]: CandidateKey(one["id"], base64.b64decode(one["key"])) for one in answer["keys"]
            }
        except (KeyError, TypeError, ValueError) as error:
            raise _not_understood() from error
        return [known.get(one, _Gone.UNKNOWN) for one in key_ids]

    async def _bind(self, bindings: Sequence[Binding]) -> list[bool]:
        answer = await self._post("/bind", {"bindings": [one.to_json() for one in bindings]})
        erased = set(answer["erased"])
        return [one.key_id in erased for one in bindings]

    async def _unwrap(self, sealed: str) -> bytes:
        try:
            return base64.b64decode((await self._post("/unwrap", {"sealed": sealed}))["plain"], validate=True)
        except (KeyError, TypeError, binascii.Error) as error:
            raise _not_understood() from error

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {self._token.get_secret_value()}", **tracing.headers()}
        try:
            async with self._session.post(
                self._url + path, json=body, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                answer = await response.json(content_type=None)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as error:
            raise KeysUnavailable(f"credentials does not answer: {type(error).__name__}") from error
        if status == 422:
            raise Unreadable("credentials cannot open it")
        if status != 200 or not isinstance(answer, dict):
            raise KeysUnavailable(f"credentials answered {status}")
        return answer


class _Together(Generic[Q, A]):
    """Gathers what is asked within a few milliseconds into one call."""

    def __init__(
        self, call: Callable[[Sequence[Q]], Awaitable[list[A]]], *, most: int = 500, linger: float = 0.003
    ) -> None:
        self._call = call
        self._most = most
        self._linger = linger
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._calling: set[asyncio.Task[None]] = set()

    async def ask(self, question: Q) -> A:
        """Returns the answer, or raises what the call raised."""
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if len(self._waiting) == 1:
            task = asyncio.create_task(self._work())
            self._calling.add(task)
            task.add_done_callback(self._calling.discard)
        return await answer

    async def _work(self) -> None:
        await asyncio.sleep(self._linger)
        asked, self._waiting = self._waiting, []
        for start in range(0, len(asked), self._most):
            batch = [one for one in asked[start : start + self._most] if not one[1].done()]
            try:
                answers = await self._call([question for question, _ in batch]) if batch else []
            except Exception as error:  # whoever asked gets it, and this task nothing
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for (_, answer), said in zip(batch, answers, strict=True):
                if not answer.done():
                    answer.set_result(said)


def _not_understood() -> KeysUnavailable:
    return KeysUnavailable("credentials' answer is not understood")
