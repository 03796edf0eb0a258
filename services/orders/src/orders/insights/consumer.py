"""Faust's consumer, made to read every record after a kill (seen with faust-streaming 0.15.3).

While tables are read back no partition of a stream is active. For an instant no partition is active at all,
and aiokafka takes "none" for "any": Faust is handed the streams' records and drops them. It goes back to the
committed offsets afterwards, but stays where it is in a partition with none, or with 0: those of a process
killed within its first second. So what was dropped there is never read again.
"""

from typing import Any, ClassVar

from faust.transport.drivers import aiokafka
from faust.types.transports import ConsumerT


class Consumer(aiokafka.Consumer):
    """Reads from active partitions only; begins streams where they were committed, or at their start."""

    async def _getmany(self, active_partitions: Any, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's name
        # As they are now: the set Faust has given changes, in another thread, while records are waited for.
        return await super()._getmany(set(active_partitions), timeout)

    async def perform_seek(self) -> None:
        """Goes back; nothing of a stream is handed on until the flow is resumed, which empties its queues."""
        streams = {tp for tp in self._get_active_partitions() if not self._is_changelog_tp(tp)}
        self.pause_partitions(streams)
        self.app.flow_control.suspend()
        await super().perform_seek()
        places = {tp for tp in self.assignment() if not self._is_changelog_tp(tp)}
        if uncommitted := [tp for tp in places if not self._read_offset[tp]]:
            await self.seek_wait(await self.earliest_offsets(*uncommitted))
        self.resume_partitions(streams)


class Transport(aiokafka.Transport):
    """Faust's own, with this consumer."""

    Consumer: ClassVar[type[ConsumerT]] = Consumer
