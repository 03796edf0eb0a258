"""A candidate, and their orders as the gateway says them."""

from typing import Any

from contracts.events.order import Candidate, OrderPlaced
from runtime.candidate_keys.jwe import CandidateKey
from runtime.candidate_keys.person import Person

from tests.orders.support import events
from tests.orders.support.smartrecruiters import SmartRecruiters

ADA = Person(Candidate(id="cand-1", email="ada@example.com", first_name="Ada"), {"phone": "+44 555 0199"})
EVE = Person(Candidate(id="cand-2", email="eve@example.com", first_name="Eve", last_name="Moneta"), {})
ABOUT_ADA = {"company_id": "acme", "candidate_id": "cand-1"}
MARKS = ("Byron", "cand-1", "ada@example.com", "+44 555 0199")
ERASE, EXPORT, OPEN = "/api/candidates/erase", "/api/candidates/export", "/engines/candidates/open"


def sealed(
    world: SmartRecruiters,
    order_id: str,
    key: CandidateKey | None = None,
    person: Person = ADA,
    **changes: Any,
) -> OrderPlaced:
    token = (key or world.candidate_keys.key()).seal(person.to_plain())
    return events.placed(order_id, candidate=Candidate(sealed=token), **changes)
