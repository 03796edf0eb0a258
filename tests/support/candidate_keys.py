"""Credentials' candidate keys, for tests of those who use them: the same HTTP, kept in memory."""

import base64
import os
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import web
from joserfc import jwe
from joserfc.jwk import ECKey
from runtime.candidate_keys.jwe import CandidateKey, header_of
from runtime.candidate_keys.person import Person

_PATH = "/internal/candidate-keys"


@dataclass
class CandidateKeysStub:
    """`keys` None: erased. `away` answers 503 to everything."""

    keys: dict[str, bytes | None] = field(default_factory=dict)
    bound: dict[str, dict[str, Any]] = field(default_factory=dict)
    erased: list[dict[str, Any]] = field(default_factory=list)
    away: bool = False
    wrapping_key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))

    def add_to(self, app: web.Application) -> None:
        """Adds the calls to an application."""
        for name in ("allot", "find", "bind", "erase", "list", "unwrap"):
            app.router.add_post(f"{_PATH}/{name}", self._answering(name))

    def key(self) -> CandidateKey:
        """A key as it is allotted."""
        key_id, secret = str(uuid4()), os.urandom(32)
        self.keys[key_id] = secret
        return CandidateKey(key_id, secret)

    def opened(self, sealed: str | None) -> Person:
        """Who is sealed, whichever way."""
        assert sealed is not None
        header = header_of(sealed)
        if header["alg"] != "dir":
            return Person.of_plain(bytes(jwe.decrypt_compact(sealed, self.wrapping_key).plaintext or b""))
        secret = self.keys[header["kid"]]
        assert secret is not None, "erased"
        return Person.of_plain(CandidateKey(header["kid"], secret).open(sealed))

    def _answering(self, name: str) -> Any:
        async def answer(request: web.Request) -> web.Response:
            if self.away:
                return web.json_response({}, status=503)
            found = getattr(self, f"_{name}")(await request.json())
            return web.json_response(found)

        return answer

    def _allot(self, body: dict[str, Any]) -> dict[str, Any]:
        records = []
        for _ in range(body["count"]):
            key_id, secret = uuid4(), os.urandom(32)
            self.keys[str(key_id)] = secret
            records.append(key_id.bytes + secret)
        public = {**self.wrapping_key.as_dict(private=False), "kid": self.wrapping_key.thumbprint()}
        return {"keys": base64.b64encode(b"".join(records)).decode(), "wrapping_key": public}

    def _find(self, body: dict[str, Any]) -> dict[str, Any]:
        known = [one for one in body["ids"] if one in self.keys]
        return {
            "keys": [self._shown(one) for one in known if self.keys[one] is not None],
            "erased": [one for one in known if self.keys[one] is None],
        }

    def _bind(self, body: dict[str, Any]) -> dict[str, Any]:
        for one in body["bindings"]:
            self.bound[one["key_id"]] = one
            if any(_is_of(one, who) for who in self.erased):
                self.keys[one["key_id"]] = None
        return {"erased": [one["key_id"] for one in body["bindings"] if self.keys[one["key_id"]] is None]}

    def _erase(self, body: dict[str, Any]) -> dict[str, Any]:
        self.erased.append(body)
        theirs = [key_id for key_id, one in self.bound.items() if _is_of(one, body)]
        there = [key_id for key_id in theirs if self.keys[key_id] is not None]
        self.keys.update(dict.fromkeys(theirs))
        return {"erased": len(there), **self._list(body)}

    def _list(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"orders": sorted({one["order_id"] for one in self.bound.values() if _is_of(one, body)})}

    def _unwrap(self, body: dict[str, Any]) -> dict[str, Any]:
        plain = jwe.decrypt_compact(body["sealed"], self.wrapping_key).plaintext or b""
        return {"plain": base64.b64encode(plain).decode()}

    def _shown(self, key_id: str) -> dict[str, str]:
        secret = self.keys[key_id]
        assert secret is not None
        return {"id": key_id, "key": base64.b64encode(secret).decode()}


def _is_of(binding: dict[str, Any], who: dict[str, Any]) -> bool:
    return bool(
        binding["company_id"] == who["company_id"]
        and (
            binding["candidate_id"] == who.get("candidate_id", "")
            or binding["email"] == who.get("email", "")
            or binding["order_id"] in who.get("order_ids", [])
        )
    )
