"""OpenBao's transit engine (HashiCorp Vault's as well): wraps data keys, and never gives its own away.

https://openbao.org/api-docs/secret/transit/ — a data key is bound to its id as associated data.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError
from runtime.fencing import Fence
from runtime.http import outgoing

from credentials.domain.sealing import KEY_BYTES, DataKey
from credentials.errors import EncryptionKeysUnavailable

WITHIN_SECONDS = 5.0


class _Result(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    ciphertext: str = ""
    plaintext: str = ""
    error: str = ""


class _Data(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    batch_results: list[_Result]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    data: _Data


class Transit:
    """`ports.KeyManagement`: every call is over within `timeout_seconds` in all.

    The token is read for each call: an agent that renews it writes it to a file.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        mount: str,
        key: str,
        token: Callable[[], str],
        timeout_seconds: float,
    ) -> None:
        self._http = http
        self._within = timeout_seconds
        self._mount = mount
        self._key = key
        self._token = token

    async def wrap(self, key_id: str, plain: bytes) -> str:
        """See `ports.KeyManagement`."""
        given = {"plaintext": _text(plain), "associated_data": _text(key_id.encode())}
        (result,) = await self._call("encrypt", [given])
        return result.ciphertext

    async def unwrap(self, keys: Sequence[DataKey]) -> Mapping[str, bytes]:
        """See `ports.KeyManagement`."""
        given = [{"ciphertext": key.wrapped, "associated_data": _text(key.id.encode())} for key in keys]
        results = await self._call("decrypt", given)
        return {key.id: _key(result) for key, result in zip(keys, results, strict=True)}

    async def _call(self, what: str, batch: list[dict[str, str]]) -> list[_Result]:
        try:
            async with asyncio.timeout(self._within):
                answer = await self._http.post(
                    f"/v1/{self._mount}/{what}/{self._key}",
                    json={"batch_input": batch},
                    headers={"X-Vault-Token": self._token()},
                )
        except (TimeoutError, httpx.TransportError, OSError) as error:
            raise EncryptionKeysUnavailable(
                f"The key service does not answer ({type(error).__name__})."
            ) from None
        if answer.status_code != 200:
            raise EncryptionKeysUnavailable(f"The key service answers {answer.status_code}.")
        try:
            results = _Answer.model_validate_json(answer.content).data.batch_results
        except ValidationError:
            raise EncryptionKeysUnavailable("The key service's answer is not understood.") from None
        if len(results) != len(batch) or any(result.error for result in results):
            raise EncryptionKeysUnavailable("The key service refuses a data key.")
        return results


@asynccontextmanager
async def transit(
    url: str, *, mount: str, key: str, token: Callable[[], str], timeout_seconds: float = WITHIN_SECONDS
) -> AsyncIterator[Transit]:
    """A client of the key service at this address, closed at the end."""
    timeout = httpx.Timeout(timeout_seconds)
    opened = outgoing.client(Fence.only(url), base_url=url.rstrip("/"), timeout=timeout, max_connections=2)
    async with opened as http:
        yield Transit(http, mount=mount, key=key, token=token, timeout_seconds=timeout_seconds)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _key(result: _Result) -> bytes:
    try:
        key = base64.b64decode(result.plaintext, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise EncryptionKeysUnavailable("The key service opens a data key to something else.")
    return key
