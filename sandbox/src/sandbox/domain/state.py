"""All the sandbox remembers. One object, in memory, resettable."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.domain.clients import Client, Clients
from sandbox.domain.companies import Company, Integration
from sandbox.domain.faults import FaultBook
from sandbox.domain.limits import RateLimiter
from sandbox.domain.orders import Order
from sandbox.domain.record import Record
from sandbox.domain.seed import seeded_companies
from sandbox.domain.sources import Sources, iso
from sandbox.errors import ApiError, no_configuration, unknown_company


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a reset goes back to."""

    requests_per_second: int
    in_flight: int
    token_lifetime: int
    record_size: int


@dataclass(kw_only=True)
class Sandbox:
    """SmartRecruiters' memory; not for use from several threads."""

    master: Client
    limits: Limits
    sources: Sources
    companies: dict[str, Company] = field(init=False)
    orders: dict[str, Order] = field(init=False)
    clients: Clients = field(init=False)
    limiter: RateLimiter = field(init=False)
    faults: FaultBook = field(init=False)
    record: Record = field(init=False)
    configuration: dict[str, Any] | None = field(init=False)

    def __post_init__(self) -> None:
        self.faults = FaultBook(self.sources.chance)
        self.reset()

    def reset(self) -> None:
        """Forgets everything but what every run starts with."""
        limits = self.limits
        self.companies = seeded_companies()
        self.orders = {}
        self.clients = Clients(master=self.master, token_lifetime=limits.token_lifetime, sources=self.sources)
        self.limiter = RateLimiter(per_second=limits.requests_per_second, in_flight=limits.in_flight)
        self.faults.replace([])
        self.record = Record(limits.record_size)
        self.configuration = None

    def now(self) -> str:
        """Returns the time in SPEC's form."""
        return iso(self.sources.now())

    def company(self, company_id: str) -> Company:
        """Returns the company; ApiError 404."""
        try:
            return self.companies[company_id]
        except KeyError:
            raise unknown_company(company_id) from None

    def order(self, order_id: str) -> Order:
        """Returns the order; ApiError 404."""
        try:
            return self.orders[order_id]
        except KeyError:
            raise ApiError(404, f"There is no order {order_id}.") from None

    def configured(self) -> dict[str, Any]:
        """Returns the partner's configuration; ApiError 404."""
        if self.configuration is None:
            raise no_configuration()
        return self.configuration

    def integrate(self, company_id: str, client_id: str, client_secret: str) -> Client:
        """Connects a company and returns SmartRecruiters' credential for it; ApiError 403, 404, 409."""
        self.configured()
        company = self.company(company_id)
        if not company.consented:
            raise ApiError(403, f"Company {company_id} has not consented to the integration.")
        if company.integration:
            raise ApiError(409, f"Company {company_id} is already integrated.")
        company.integration = Integration(client_id, client_secret, self.now())
        return self.clients.create(company_id)

    def forget_integration(self, company: Company) -> None:
        """Ends both sides' credentials; orders stay, so that a later connection can deliver their results."""
        company.integration = None
        self.clients.revoke(company.id)
