"""What SmartRecruiters' users do: connect, look at packages, order, move, disable (SPEC §1.3, §2, §3)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.domain.companies import AutoOrder, Candidate, Company
from sandbox.domain.configuration import with_id, with_query
from sandbox.domain.orders import Kind, Order, order_payload
from sandbox.domain.packages import package_problems, packages_problems
from sandbox.domain.shape import is_url
from sandbox.domain.state import Sandbox
from sandbox.errors import ApiError, not_connected
from sandbox.service.vendor import Outcome, Vendor


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What to order, for whom; what is left out is chosen from the seeded data."""

    package_id: str
    candidate_id: str | None = None
    candidate: Mapping[str, str] | None = None
    job_id: str | None = None
    requester_email: str | None = None
    requester_user_id: str | None = None
    with_job_object: bool = False
    fields: Mapping[str, str] | None = None
    repeat: int = 1


@dataclass(frozen=True)
class Placed:
    """An order and every answer to it (more than one when it was repeated)."""

    order: Order
    outcomes: list[Outcome]

    def to_json(self) -> dict[str, Any]:
        """Returns what the admin API answers."""
        shown = {"order_id": self.order.id, **self.outcomes[-1].to_json()}
        if len(self.outcomes) > 1:
            shown["answers"] = [outcome.to_json() for outcome in self.outcomes]
        return shown


class Recruiting:
    """SmartRecruiters' side of the workflow. `public_url` is where the partner reaches the sandbox."""

    def __init__(self, *, state: Sandbox, vendor: Vendor) -> None:
        self._state = state
        self._vendor = vendor

    def consent_url(self, company: Company, public_url: str) -> str:
        """Returns the page the customer is sent to, or sees in a frame."""
        configuration = self._state.configured()
        parameters = {"companyId": company.id}
        if configuration["consentDisplayMode"] == "REDIRECT":
            parameters["redirect"] = f"{public_url}/landing/{company.id}"
        address = with_query(configuration["consentUrl"], parameters)
        self._state.record.add(
            at=self._state.now(),
            direction="sent",
            call="consent_page",
            method="GET",
            path=address,
            company_id=company.id,
            status=None,
        )
        return address

    async def packages(
        self,
        company: Company,
        *,
        requester_email: str | None = None,
        location: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Gets the list as a requester with this job location and these mapped fields would."""
        configuration = self._state.configured()
        query = {**(location or {}), **(fields or {})}
        outcome = await self._vendor.call(
            "packages",
            company,
            method="GET",
            url=with_query(configuration["assessmentPackageListUrl"], query),
            headers={"requester": json.dumps({"email": requester_email})} if requester_email else {},
        )
        problems = list(outcome.problems)
        if outcome.status == 200:
            problems += packages_problems(outcome.answer, configuration["supportedAssessmentTypes"])
        elif outcome.status == 204:
            problems += ["204 must have no body"] if outcome.answer is not None else []
        elif outcome.status is not None:
            problems.append(f"status is {outcome.status}, not 200 or 204")
        return Outcome(outcome.status, outcome.answer, problems)

    async def package(self, company: Company, package_id: str) -> Outcome:
        """Gets one package."""
        configuration = self._state.configured()
        placeholders = ("assessmentPackageId", "assesmentPackageId", "packageId", "id")
        outcome = await self._vendor.call(
            "package",
            company,
            method="GET",
            url=with_id(configuration["singleAssessmentPackageUrl"], placeholders, package_id),
        )
        problems = list(outcome.problems)
        if outcome.status == 200:
            supported = configuration["supportedAssessmentTypes"]
            problems += package_problems(outcome.answer, package_id, supported)
        return Outcome(outcome.status, outcome.answer, problems)

    async def order(self, company: Company, wish: Wish, public_url: str) -> Placed:
        """Orders for a candidate: 202 is the only good answer."""
        address = self._address("packageOrderUrl")
        order = self._new_order(company, wish, "standard", public_url)
        outcomes = []
        for _ in range(wish.repeat):
            outcome = await self._send_order("order", company, order, address)
            wrong = [f"status is {outcome.status}, not 202"] if outcome.status not in {202, None} else []
            outcomes.append(Outcome(outcome.status, outcome.answer, [*outcome.problems, *wrong]))
        return Placed(order, outcomes)

    async def inline_order(
        self, company: Company, wish: Wish, public_url: str, *, shared_url: bool = False
    ) -> Placed:
        """Orders in the middle of an application: 200 and an address for the candidate."""
        address = self._address("packageOrderUrl" if shared_url else "inlineAssessmentPackageOrderUrl")
        order = self._new_order(company, wish, "inline", public_url)
        outcomes = []
        for _ in range(wish.repeat):
            outcome = await self._send_order("inline_order", company, order, address)
            problems = [*outcome.problems, *_inline_problems(outcome)]
            outcomes.append(Outcome(outcome.status, outcome.answer, problems))
            if not problems:
                order.candidate_url = outcome.answer["url"]
        return Placed(order, outcomes)

    def add_auto_order(self, company: Company, rule: AutoOrder) -> None:
        """Orders the package from now on for whoever comes to the step; the same rule twice is one."""
        self._job(company, rule.job_id)
        if rule not in company.auto_orders:
            company.auto_orders.append(rule)

    async def move(
        self, company: Company, candidate_id: str, *, job_id: str, step: str, public_url: str
    ) -> list[Placed]:
        """Moves a candidate to a step; coming to it places its automatic orders, which have no requester.

        Without a connection there is nobody to order from, and the candidate is moved all the same.
        """
        candidate = _candidate(company, candidate_id)
        self._job(company, job_id)
        arrives = company.integration and (candidate.job_id, candidate.step) != (job_id, step)
        candidate.job_id, candidate.step = job_id, step
        placed = []
        for rule in company.auto_orders if arrives else ():
            if (rule.job_id, rule.step) == (job_id, step):
                wish = Wish(package_id=rule.package_id, candidate_id=candidate_id, job_id=job_id)
                placed.append(await self.order(company, wish, public_url))
        return placed

    async def disable(self, company: Company, method: Literal["DELETE", "POST"] = "DELETE") -> Outcome:
        """Tells the partner, then forgets the integration, whatever the answer."""
        if company.integration is None:
            raise not_connected(company.id)
        address = self._state.configured().get("integrationDisableUrl")
        outcome = Outcome(None, None, ["integrationDisableUrl is not configured"])
        if address:
            url = with_id(address, ("companyId", "id"), company.id)
            payload = {"companyId": company.id} if method == "POST" else None
            outcome = await self._vendor.call("disable", company, method=method, url=url, payload=payload)
        self._state.forget_integration(company)
        wrong = [f"status is {outcome.status}, not 204"] if outcome.status not in {204, None} else []
        return Outcome(outcome.status, outcome.answer, [*outcome.problems, *wrong])

    def _address(self, name: str) -> str:
        address = self._state.configured().get(name)
        if not address:
            raise ApiError(409, f"{name} is not configured.", code="NOT_CONFIGURED")
        return str(address)

    async def _send_order(self, call: str, company: Company, order: Order, address: str) -> Outcome:
        outcome = await self._vendor.call(
            call, company, method="POST", url=address, payload=order.payload, order_id=order.id
        )
        order.answered = outcome.status
        return outcome

    def _new_order(self, company: Company, wish: Wish, kind: Kind, public_url: str) -> Order:
        if company.integration is None:
            raise not_connected(company.id)
        candidate = _candidate(company, wish.candidate_id)
        job_id = wish.job_id or candidate.job_id
        self._job(company, job_id)
        order_id = self._state.sources.new_id()
        person = dict(wish.candidate) if wish.candidate else candidate.to_order()
        payload = order_payload(
            order_id=order_id,
            public_url=public_url,
            kind=kind,
            company_id=company.id,
            candidate=person,
            package_id=wish.package_id,
            job_id=job_id,
            requester=_requester(wish),
            with_job_object=wish.with_job_object,
            fields=dict(wish.fields) if wish.fields else None,
        )
        order = Order(
            id=order_id,
            company_id=company.id,
            kind=kind,
            package_id=wish.package_id,
            job_id=job_id,
            candidate=person,
            application_id=None if wish.candidate else candidate.application_id,
            created_at=self._state.now(),
            payload=payload,
        )
        self._state.orders[order_id] = order
        return order

    def _job(self, company: Company, job_id: str) -> None:
        if job_id not in company.jobs:
            raise ApiError(404, f"Company {company.id} has no job {job_id}.")


def _requester(wish: Wish) -> dict[str, str] | None:
    if not wish.requester_email:
        return None
    return {"userId": wish.requester_user_id or "user-1", "email": wish.requester_email}


def _candidate(company: Company, candidate_id: str | None) -> Candidate:
    if candidate_id is None:
        return next(iter(company.candidates.values()))
    try:
        return company.candidates[candidate_id]
    except KeyError:
        raise ApiError(404, f"Company {company.id} has no candidate {candidate_id}.") from None


def _inline_problems(outcome: Outcome) -> list[str]:
    if outcome.status is None:
        return []
    if outcome.status != 200:
        return [f"status is {outcome.status}, not 200"]
    address = outcome.answer.get("url") if isinstance(outcome.answer, dict) else None
    return [] if is_url(address) else ["url: must be an absolute http or https URL"]
