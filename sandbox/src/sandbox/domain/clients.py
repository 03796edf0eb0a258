"""SmartRecruiters' own API credentials and access tokens."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.domain.sources import Sources

MASTER_SCOPES = ("partner_configuration_manage", "partner_integration_manage")
COMPANY_SCOPES = (
    "assessment_result_manage",
    "candidates_read",
    "jobs_read",
    "hiring_team_read",
    "assessment_orders_read",
)


@dataclass(frozen=True)
class Client:
    """An API credential: the partner's own (no company) or one company's."""

    id: str
    secret: str = field(repr=False)
    company_id: str | None = None

    @property
    def scopes(self) -> tuple[str, ...]:
        """What its tokens may be used for at most."""
        return MASTER_SCOPES if self.company_id is None else COMPANY_SCOPES


class Clients:
    """Holds credentials and tokens; a token dies with its credential."""

    def __init__(self, *, master: Client, token_lifetime: int, sources: Sources) -> None:
        self.token_lifetime = token_lifetime
        self._sources = sources
        # Not by id: while a secret is changed there are two of one id.
        self._clients = [master]
        self._tokens: dict[str, tuple[Client, float]] = {}

    def create(self, company_id: str) -> Client:
        """Issues a company's credential."""
        client = Client(f"{company_id}-{self._sources.new_id()}", self._sources.new_secret(), company_id)
        self._clients.append(client)
        return client

    def replace_masters(self, masters: Sequence[Client]) -> None:
        """These are the partner's own from now on; the tokens of those that go end."""
        self._clients = [*masters, *(held for held in self._clients if held.company_id is not None)]
        self._tokens = {
            token: held
            for token, held in self._tokens.items()
            if held[0].company_id is not None or held[0] in masters
        }

    def authenticate(self, client_id: str, secret: str) -> Client | None:
        """Returns the client whose secret this is."""
        for client in self._clients:
            if client.id == client_id and hmac.compare_digest(client.secret.encode(), secret.encode()):
                return client
        return None

    def issue_token(self, client: Client) -> str:
        """Returns a new access token; older ones live on until they expire."""
        now = self._sources.now()
        self._tokens = {token: held for token, held in self._tokens.items() if held[1] > now}
        token = self._sources.new_secret()
        self._tokens[token] = (client, now + self.token_lifetime)
        return token

    def of_token(self, token: str) -> Client | None:
        """Returns whose living token this is."""
        held = self._tokens.get(token)
        return held[0] if held and held[1] > self._sources.now() else None

    def revoke_tokens(self, company_id: str) -> None:
        """Ends a company's tokens; its credential gets new ones."""
        self._tokens = {
            token: held for token, held in self._tokens.items() if held[0].company_id != company_id
        }

    def revoke(self, company_id: str) -> None:
        """Ends a company's credentials and tokens."""
        self.revoke_tokens(company_id)
        self._clients = [held for held in self._clients if held.company_id != company_id]
