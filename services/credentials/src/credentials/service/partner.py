"""Telling SmartRecruiters where it reaches us (SPEC §1.2), only when it does not know already."""

from collections.abc import Sequence

from contracts.smartrecruiters import PartnerConfiguration

from credentials.domain.partner_diff import Change, changes
from credentials.errors import NotApplied
from credentials.ports import SmartRecruiters
from credentials.service.smartrecruiters_tokens import MasterTokens


class PartnerService:
    """Plan and apply of the partner configuration."""

    def __init__(self, *, smartrecruiters: SmartRecruiters, master: MasterTokens) -> None:
        self._smartrecruiters = smartrecruiters
        self._master = master

    async def plan(self, wanted: PartnerConfiguration) -> Sequence[Change]:
        """Returns what an apply would change; nothing is sent."""
        held = await self._master.call(self._smartrecruiters.get_configuration)
        return changes(held, wanted)

    async def apply(self, wanted: PartnerConfiguration) -> Sequence[Change]:
        """Sends the configuration when it differs, makes sure it arrived, and returns what it changed.

        Raises NotApplied when SmartRecruiters takes it and still holds something else.
        """
        planned = await self.plan(wanted)
        if not planned:
            return planned
        answered = await self._master.call(
            lambda token: self._smartrecruiters.put_configuration(token, wanted)
        )
        left = changes(answered, wanted) or await self.plan(wanted)
        if left:
            differences = "\n".join(map(str, left))
            raise NotApplied(f"SmartRecruiters answered 200 but holds something else:\n{differences}")
        return planned
