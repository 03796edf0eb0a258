"""Reading orders (SPEC §3) and turning them into `order.placed`. What is wrong is named, field by field."""

import re
from collections.abc import Callable
from datetime import datetime
from hashlib import sha1
from typing import Any, NamedTuple, TypeAlias

from contracts import codec
from contracts.envelope import NAMESPACE
from contracts.events.order import OrderPlaced
from contracts.smartrecruiters.orders import InlineOrder, StandardOrder
from contracts.topics import GATEWAY_ORDERS
from pydantic import ValidationError
from pydantic_core import from_json, to_json
from runtime.candidate_keys.person import plain

from gateway.errors import Fault, InvalidRequest, TooLarge

SOURCE = "gateway"
_NAMESPACE = NAMESPACE.bytes
# The two highest bits of this digit say which variant of UUID it is.
_VARIANT = {digit: f"{int(digit, 16) & 3 | 8:x}" for digit in "0123456789abcdef"}
# A broker takes records of 1 MiB unless told otherwise; the rest is for headers and the batch around it.
LARGEST_EVENT_BYTES = 1_000_000
# So that the hand-off link around it stays within the 4096 characters of an event's URL.
LONGEST_COMPLETED_URL = 2_600

Order: TypeAlias = StandardOrder | InlineOrder
UrlCheck: TypeAlias = Callable[[str], str | None]
"""Returns why an address is refused, None when it is not."""
CallbackReader: TypeAlias = Callable[[str], str]
"""Returns the order id in a resultCallbackURL. Raises ValueError saying why the address is refused."""

# Within what OrderPlaced allows: most orders are, and need not be looked at twice.
_FITTING = re.compile(r"[A-Za-z0-9_-]{1,128} [A-Za-z0-9_-]{1,128} https?://[!-~]{1,2000}")
_COMPLETED = ("completedAssessmentCallbackUrl", "completeAssessmentCallbackUrl")
_COMPLETED_HINT = b"AssessmentCallbackUrl"  # in both; most orders have neither
_NUL = re.compile(r"\x00")
_PLACED_TO_WIRE = {
    "package_id": "assessmentPackageId",
    "company_id": "companyId",
    "order_id": "resultCallbackURL",
    "result_callback_url": "resultCallbackURL",
    "return_url": "completedAssessmentCallbackUrl",
    "job_id": "jobId",
}


class Record(NamedTuple):
    """An order as Kafka will hold it; the topic's name without prefix."""

    event_id: str
    order_id: str
    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


def read_order(body: bytes, *, inline_only: bool) -> Order:
    """Returns the order: an inline one when it says where the candidate goes afterwards.

    SPEC §1.2 lets both come to one URL.

    Raises InvalidRequest naming each field that is missing or wrong.
    """
    model: type[Order] = InlineOrder if inline_only or _is_inline(body) else StandardOrder
    try:
        order: Order = model.__pydantic_validator__.validate_json(body)
    except ValidationError as error:
        raise InvalidRequest(faults_of(error)) from error
    if b"\\u0000" in body:
        _refuse_nul(body)
    return order


def _is_inline(body: bytes) -> bool:
    if _COMPLETED_HINT not in body:
        return False
    try:
        given = from_json(body)
    except ValueError:
        return False
    return isinstance(given, dict) and any(given.get(name) is not None for name in _COMPLETED)


def _refuse_nul(body: bytes) -> None:
    """PostgreSQL holds no NUL in text, so nobody behind us could keep the order."""
    found = sorted(set(_with_nul(from_json(body), "")))
    if found:
        raise InvalidRequest([Fault(name, "must not have a NUL character") for name in found])


def _with_nul(value: Any, name: str) -> list[str]:
    if isinstance(value, str):
        return [name or "body"] if _NUL.search(value) else []
    if isinstance(value, list):
        return [found for item in value for found in _with_nul(item, name)]
    if isinstance(value, dict):
        inner = [(key, item, f"{name}.{key}" if name else key) for key, item in value.items()]
        own = [name or "body" for key, _, _ in inner if _NUL.search(key)]
        return own + [
            found for key, item, path in inner if not _NUL.search(key) for found in _with_nul(item, path)
        ]
    return []


def check_addresses(order: Order, *, callback: CallbackReader, completed: UrlCheck) -> str:
    """Returns the order id. Raises InvalidRequest when an address leads where it must not."""
    faults = []
    identity = ""
    try:
        identity = callback(order.result_callback_url)
    except ValueError as error:
        faults.append(Fault("resultCallbackURL", str(error)))
    if isinstance(order, InlineOrder):
        reason = completed(order.completed_assessment_callback_url)
        if len(order.completed_assessment_callback_url) > LONGEST_COMPLETED_URL:
            reason = f"must not be longer than {LONGEST_COMPLETED_URL} characters"
        if reason is not None:
            faults.append(Fault("completedAssessmentCallbackUrl", reason))
    if faults:
        raise InvalidRequest(faults)
    return identity


def personal(order: Order) -> bytes:
    """Returns what nobody reads but by the candidate's key, as JSON: `runtime.candidate_keys.person`."""
    # Its fields have the event's names.
    return plain(vars(order.candidate), _unknown_fields(order))


def placed(
    order: Order, *, order_id: str, return_url: str | None, received_at: datetime, sealed: str
) -> dict[str, Any]:
    """Returns the fields of OrderPlaced; those without a value are left out.

    `received_at` is in UTC, `sealed` the JWE of what `personal` returned. Raises InvalidRequest for what
    events cannot hold.
    """
    inline = isinstance(order, InlineOrder)
    data: dict[str, Any] = {
        "order_id": order_id,
        "company_id": order.company_id,
        "kind": "inline" if inline else "standard",
        "package_id": order.assessment_package_id,
        "result_callback_url": order.result_callback_url,
        "candidate": {"sealed": sealed},
        "fields": order.fields or {},
        "received_at": received_at.isoformat(timespec="milliseconds")[: len("2026-01-01T00:00:00.000")] + "Z",
        "unknown_fields": {},
    }
    if (job_id := order.the_job()) is not None:
        data["job_id"] = job_id
    if return_url is not None:
        data["return_url"] = return_url
    if isinstance(order, StandardOrder) and order.requester is not None:
        given = vars(order.requester)
        data["requester"] = {name: value for name, value in given.items() if value is not None}
    if not _surely_fits(order, order_id):
        _refuse_misfits(data)
    return data


def recorded(data: dict[str, Any], *, traceparent: str | None) -> Record:
    """Returns the event ready for Kafka; `data` is what `placed` returned. A repeat has the same event id.

    Raises TooLarge for what a record cannot hold.
    """
    # What OrderPlaced would write, in a third of the time: each field was looked at on the way in.
    value = to_json(data, inf_nan_mode="null")
    if len(value) > LARGEST_EVENT_BYTES:
        raise TooLarge(f"an order must not be larger than {LARGEST_EVENT_BYTES} bytes")
    order_id = data["order_id"]
    event_id = _event_id(data["company_id"], order_id)
    headers = codec.head(
        OrderPlaced,
        identity=event_id,
        source=SOURCE,
        time=data["received_at"],
        subject=order_id,
        traceparent=traceparent,
    )
    return Record(event_id, order_id, GATEWAY_ORDERS.name, order_id.encode(), value, headers)


def _surely_fits(order: Order, order_id: str) -> bool:
    """Whether the event's model has nothing against the order; it is asked only when this is not sure."""
    ids_and_url = f"{order_id} {order.company_id} {order.result_callback_url}"
    return len(order.assessment_package_id) <= 256 and _FITTING.fullmatch(ids_and_url) is not None


def _refuse_misfits(data: dict[str, Any]) -> None:
    try:
        _ = OrderPlaced.model_validate(data)
    except ValidationError as error:
        raise InvalidRequest(faults_of(error, _PLACED_TO_WIRE)) from error


def _event_id(company_id: str, order_id: str) -> str:
    """`contracts.envelope.event_id`, spelled out (RFC 9562 §5.5): uuid5 takes as long as reading it all."""
    name = f"{OrderPlaced.TYPE}\x1f{company_id}\x1f{order_id}"
    text = sha1(_NAMESPACE + name.encode(), usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"


def _unknown_fields(order: Order) -> dict[str, Any]:
    found = dict(order.model_extra or {})
    if order.candidate.model_extra:
        found["candidate"] = order.candidate.model_extra
    if order.job is not None and order.job.model_extra:
        found["job"] = order.job.model_extra
    if isinstance(order, StandardOrder) and order.requester is not None and order.requester.model_extra:
        found["requester"] = order.requester.model_extra
    return found


def faults_of(error: ValidationError, names: dict[str, str] | None = None) -> list[Fault]:
    """Returns each wrong field under its name on the wire, and what is wrong, never its value."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [_fault(fault["loc"], fault["msg"], names or {}) for fault in found]


def _fault(place: tuple[int | str, ...], message: str, names: dict[str, str]) -> Fault:
    message = message.removeprefix("Value error, ")
    if place:
        first = names.get(str(place[0]), str(place[0]))
        return Fault(".".join((first, *map(str, place[1:]))), message)
    # A rule between fields begins with their names: "job.id or jobId is required".
    subject, separator, _ = message.partition(" is required")
    return Fault(subject.split(" or ")[-1] if separator else "body", message)
