"""One administrator's way through the consent pages, and the token that binds each form to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from gateway.domain.sealed_tokens import SealedTokens, UnreadableToken
from gateway.errors import InvalidVisit

GOOD_FOR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Visit:
    """For which company, and where to afterwards (SPEC §1.3). `window`: the sign-in has left the pop-up."""

    company_id: str
    redirect: str | None
    window: bool = False

    @property
    def framed(self) -> bool:
        """Whether SmartRecruiters shows the page inside its own: in POPUP mode there is no way back."""
        return self.redirect is None and not self.window

    @property
    def start(self) -> str:
        """The address of the first page, relative to any of them."""
        query = {"companyId": self.company_id} | ({"redirect": self.redirect} if self.redirect else {})
        return f"/connect?{urlencode(query)}"


class VisitTokens:
    """The visit travels in its forms, sealed: no form can be made up, or be moved to another visit."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._tokens = SealedTokens(keys, "visit")

    def make(self, visit: Visit, now: float) -> str:
        """Returns the visit's token, good for an hour."""
        return self._tokens.seal([visit.company_id, visit.redirect, visit.window, int(now)])

    def read(self, token: str, now: float) -> tuple[Visit, bool]:
        """Returns the visit and whether the token is still good. Raises InvalidVisit when it is not ours."""
        try:
            company_id, redirect, window, made = self._tokens.open(token)
        except (UnreadableToken, ValueError) as error:
            raise InvalidVisit("unknown visit") from error
        return Visit(company_id, redirect, window), 0 <= now - made < GOOD_FOR_SECONDS
