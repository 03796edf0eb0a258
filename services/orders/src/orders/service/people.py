"""Candidates, opened for as long as they are worked on, and sealed again."""

from contextlib import suppress
from dataclasses import dataclass

from contracts.events.order import Candidate, OrderPlaced
from runtime.candidate_keys.client import Binding
from runtime.candidate_keys.errors import Erased, UnknownKey, Unreadable
from runtime.candidate_keys.jwe import CandidateKey
from runtime.candidate_keys.person import Person

from orders.ports import CandidateKeys, KeysAtHand


@dataclass(frozen=True, slots=True)
class Opened:
    """An order's person, in memory alone, and the key they are sealed with again."""

    person: Person
    key: CandidateKey

    def sealed(self, candidate: Candidate) -> Candidate:
        """Returns the candidate as events and tables hold it."""
        return Candidate(sealed=self.key.seal(Person(candidate, self.person.unknown_fields).to_plain()))


class People:
    """All raise KeysUnavailable: wait, and try again."""

    def __init__(self, *, keys: CandidateKeys, at_hand: KeysAtHand) -> None:
        self._keys = keys
        self._at_hand = at_hand

    def cover(self, placed: OrderPlaced) -> OrderPlaced:
        """Returns the order with nothing of the candidate in the clear.

        A gateway of the release before, in the middle of a roll-out, still sends it so.
        """
        if placed.candidate.sealed is not None:
            return placed
        person = Person(placed.candidate, placed.unknown_fields)
        candidate = Candidate(sealed=self._at_hand.seal(person.to_plain()))
        return placed.model_copy(update={"candidate": candidate, "unknown_fields": {}})

    async def open(self, placed: OrderPlaced, *, bound: bool) -> Opened:
        """Returns who is to be assessed; credentials knows afterwards whose key it is.

        Whoever was sealed to credentials' public key gets a key of their own here.

        Raises Erased, also for an order that was on its way while its candidate was erased; UnknownKey and
        Unreadable.
        """
        person, key = await self._keys.open(placed.candidate.sealed or "")
        if key is None:
            key, bound = self._at_hand.take(), False
        opened = Opened(person, key)
        if not bound:
            await self.bind(placed, opened, person.candidate)
        return opened

    async def adopt(self, placed: OrderPlaced) -> None:
        """Tells credentials whose key sealed a record of no further use here, so that it can be erased."""
        sealed = placed.candidate.sealed or ""
        with suppress(Erased, UnknownKey, Unreadable):
            person, key = await self._keys.open(sealed)
            if key is not None:
                await self.bind(placed, Opened(person, key), person.candidate)

    async def bind(self, placed: OrderPlaced, opened: Opened, candidate: Candidate) -> None:
        """Tells credentials whose key it is. Raises Erased."""
        await self._keys.bind(
            Binding(
                key_id=opened.key.id,
                company_id=placed.company_id,
                order_id=placed.order_id,
                received_at=placed.received_at,
                candidate_id=candidate.id,
                email=candidate.email,
            )
        )
