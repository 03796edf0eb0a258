"""`bridge orders`: show, list and cancel, by way of the database."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import click

from orders.domain.order import Order
from orders.domain.outlook import what_happens_next
from orders.domain.states import State
from orders.errors import StorageUnavailable, UnknownOrder
from orders.ports import OrderView, Reading
from orders.service.closing import Cancelling


@dataclass(frozen=True, slots=True)
class Desk:
    """What the commands work with."""

    reading: Reading
    cancelling: Cancelling


OpenDesk = Callable[[str], AbstractAsyncContextManager[Desk]]


def group(open_desk: OpenDesk) -> click.Group:
    """Returns the commands; `open_desk` takes the database's address."""

    @click.pass_context
    def sit_down(context: click.Context) -> None:
        context.obj = open_desk

    return click.Group(
        "orders",
        callback=sit_down,
        commands=[show, list_orders, cancel],
        help="Look at orders, and end them.",
    )


@click.command()
@click.argument("order_id")
@click.pass_obj
def show(open_desk: OpenDesk, order_id: str) -> None:
    """Show an order, its timeline and what happens next."""

    async def work(desk: Desk) -> str:
        found = await desk.reading.get(order_id)
        if found is None:
            raise UnknownOrder(order_id)
        return shown(found)

    _at_desk(open_desk, work)


@click.command("list")
@click.option("--company", help="of this company only")
@click.option("--state", type=click.Choice([state.value for state in State]))
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.pass_obj
def list_orders(open_desk: OpenDesk, company: str | None, state: str | None, limit: int) -> None:
    """List orders, newest first."""

    async def work(desk: Desk) -> str:
        wanted = State(state) if state else None
        found = await desk.reading.list(company_id=company, state=wanted, limit=limit)
        return "\n".join(map(_line, found)) or "no orders"

    _at_desk(open_desk, work)


@click.command()
@click.argument("order_id")
@click.option("--reason", default="cancelled by the vendor", show_default=True)
@click.pass_obj
def cancel(open_desk: OpenDesk, order_id: str, reason: str) -> None:
    """End an order: the engine is told to stop, SmartRecruiters shows it as rejected."""

    async def work(desk: Desk) -> str:
        order = await desk.cancelling.cancel(order_id, reason)
        return f"{order.order_id} is {order.state}"

    _at_desk(open_desk, work)


def _at_desk(open_desk: OpenDesk, work: Callable[[Desk], Awaitable[str]]) -> None:
    async def working() -> str:
        async with open_desk(_database_url()) as desk:
            return await work(desk)

    try:
        click.echo(asyncio.run(working()))
    except UnknownOrder as error:
        raise click.ClickException(f"no order {error}") from error
    except StorageUnavailable as error:
        raise click.ClickException(str(error)) from error


def shown(found: OrderView) -> str:
    """Returns an order for a person to read."""
    order = found.order
    late = f" (late since {order.late_since:%Y-%m-%d %H:%M:%S})" if order.late_since else ""
    return "\n".join(
        [
            f"order     {order.order_id} of company {order.company_id}",
            f"package   {order.package_id} ({order.kind})",
            f"state     {order.state}{late}; final result {order.publication}",
            f"next      {what_happens_next(order, found.around)}",
            "",
            *(f"{one.at:%Y-%m-%d %H:%M:%S}  {one.kind:<19} {one.sentence()}" for one in found.timeline),
        ]
    )


def _line(order: Order) -> str:
    late = " late" if order.late_since else ""
    placed = f"{order.placed_at:%Y-%m-%d %H:%M:%S}"
    return f"{placed}  {order.order_id}  {order.company_id}  {order.package_id}  {order.state}{late}"


def _database_url() -> str:
    path = os.environ.get("DATABASE_URL_FILE")
    url = Path(path).read_text("utf-8").strip() if path else os.environ.get("DATABASE_URL", "")
    if not url:
        raise click.UsageError("DATABASE_URL is missing")
    return url
