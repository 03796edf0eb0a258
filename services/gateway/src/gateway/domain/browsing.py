"""Reading GET packages: who asks, for which job (SPEC §2)."""

from collections.abc import Iterable

from contracts.smartrecruiters.packages import RequesterHeader
from pydantic import ValidationError

from gateway.domain.catalogue import Viewer
from gateway.errors import Fault, InvalidRequest

COUNTRY_CODE = "country-code"


def read_viewer(header: str | None, query: Iterable[tuple[str, str]], *, header_name: str) -> Viewer:
    """Returns the viewer.

    Query parameters are not judged: beside SmartRecruiters' own (country-code, region-abbr, city, address,
    postal-code, remote) each mapped field comes under its own id, and none may make the list fail.
    Raises InvalidRequest for a requester header that is not a JSON object with an e-mail.
    """
    parameters: dict[str, set[str]] = {}
    for name, value in query:
        parameters.setdefault(name, set()).add(value)
    frozen = {name: frozenset(values) for name, values in parameters.items()}
    countries = frozenset(code.strip() for code in frozen.get(COUNTRY_CODE, frozenset()))
    return Viewer(email=_email(header, header_name), country_codes=countries, parameters=frozen)


def _email(header: str | None, header_name: str) -> str | None:
    if header is None:
        return None
    try:
        requester = RequesterHeader.model_validate_json(header)
    except (ValidationError, ValueError) as error:
        raise InvalidRequest(
            [Fault(header_name, 'the header must be a JSON object {"email": string}')]
        ) from error
    return requester.email
