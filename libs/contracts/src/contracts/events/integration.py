"""What credentials says of the connection between a company and the vendor. Compacted: the last one holds."""

from typing import Literal

from contracts.envelope import EventData
from contracts.types import CompanyId, Timestamp


class _Integration(EventData):
    company_id: CompanyId
    client_id: str
    credential_versions: tuple[int, ...]
    """Versions of our credential whose tokens are good; an access token's `ver` claim must be among them."""
    changed_at: Timestamp

    def subject(self) -> str:
        """The company id."""
        return self.company_id


class IntegrationConnected(_Integration):
    """The exchange of SPEC §1.3 is done: both sides hold the other's credential."""

    TYPE = "integration.connected"
    state: Literal["connected"] = "connected"


class IntegrationRotated(_Integration):
    """Our credential for SmartRecruiters has a new version; older ones may still be valid for a while."""

    TYPE = "integration.rotated"
    state: Literal["connected"] = "connected"


class IntegrationDisabled(_Integration):
    """SmartRecruiters called integrationDisableUrl: no token is good, results are held."""

    TYPE = "integration.disabled"
    state: Literal["disabled"] = "disabled"
