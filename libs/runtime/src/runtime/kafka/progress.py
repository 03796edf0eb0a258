"""Which offset of a partition may be committed: never past unfinished work. Pure."""

from collections import deque


class Progress:
    """Offsets of one partition: begun in order, finished in any order."""

    def __init__(self) -> None:
        self._begun: deque[int] = deque()
        self._finished: set[int] = set()
        self._next: int | None = None

    def begin(self, offset: int) -> None:
        """Takes an offset up; each is larger than the one before."""
        self._begun.append(offset)

    def finish(self, offset: int) -> None:
        """Marks an offset done."""
        self._finished.add(offset)
        while self._begun and self._begun[0] in self._finished:
            done = self._begun.popleft()
            self._finished.remove(done)
            self._next = done + 1

    @property
    def committable(self) -> int | None:
        """The offset to go on from: everything before it is finished. None until something is."""
        return self._next

    @property
    def open(self) -> int:
        """How many records lie between the lowest unfinished one and the newest."""
        return len(self._begun)
