"""How often clients may ask at the token endpoint: right ones by client, wrong ones by client and address."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gateway.domain.rates import Rates
from gateway.errors import TokenRequestRefused, TooManyTokenRequests

_KNOWN = 10_000


class TokenLimits:
    """Keeps wrong guesses from loading the credentials service, and from locking anybody else out.

    A guess counts against its client at its address, and against the address; nobody's guesses count against
    a client that asks from elsewhere, and a client whose secret was right the last time at this address is
    not asked about the address: SmartRecruiters calls for all companies from the same few. Guesses are
    counted before they are checked, so that those sent at the same time count, too. Each replica has its own
    count: a secret has 256 bits, so this is about load and not about the number of tries.
    """

    def __init__(
        self, *, requests: int, failures: int, failures_per_address: int, clock: Callable[[], float]
    ) -> None:
        self._requests: Rates[str] = Rates(per_minute=requests)
        self._failures: Rates[tuple[str, str]] = Rates(per_minute=failures)
        self._addresses: Rates[str] = Rates(per_minute=failures_per_address)
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._clock = clock

    @contextmanager
    def admit(self, client_id: str, address: str) -> Iterator[None]:
        """Lets one request be made inside, and counts how it went; what is no answer counts for nothing.

        Raises TooManyTokenRequests.
        """
        now, pair = self._clock(), (client_id, address)
        known = pair in self._known
        wait = self._requests.wait(client_id, now)
        if not known:
            wait = max(wait, self._failures.wait(pair, now), self._addresses.wait(address, now))
        if wait:
            raise TooManyTokenRequests(wait)
        if known:
            self._requests.take(client_id, now)
        else:
            self._count(pair, now)
        try:
            yield
        except TokenRequestRefused as refused:
            if refused.error == "invalid_client":
                self._wrong(pair, known=known)
            else:
                self._right(pair, known=known)
            raise
        except BaseException:
            if not known:
                self._forgive(pair)
            raise
        self._right(pair, known=known)

    def _right(self, pair: tuple[str, str], *, known: bool) -> None:
        if not known:
            self._forgive(pair)
            self._requests.take(pair[0], self._clock())
        self._known[pair] = None
        self._known.move_to_end(pair)
        while len(self._known) > _KNOWN:
            self._known.popitem(last=False)

    def _wrong(self, pair: tuple[str, str], *, known: bool) -> None:
        self._known.pop(pair, None)
        if known:
            self._count(pair, self._clock())

    def _count(self, pair: tuple[str, str], now: float) -> None:
        self._failures.take(pair, now)
        self._addresses.take(pair[1], now)

    def _forgive(self, pair: tuple[str, str]) -> None:
        self._failures.give_back(pair)
        self._addresses.give_back(pair[1])
