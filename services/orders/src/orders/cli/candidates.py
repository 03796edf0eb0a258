"""`bridge candidates`: erase and export what is kept of a person, over the running service's internal API."""

import json
from typing import Any

import click
from runtime.operating import RunningService

_ORDERS = RunningService("orders", variable="ORDERS_URL", default="http://127.0.0.1:9082", deadline=120)


@click.group()
def candidates() -> None:
    """Erase, or take out, everything that is kept of a candidate."""


_CANDIDATE = click.argument("candidate_id", required=False)
_COMPANY = click.option("--company", "company_id", help="the company whose candidate it is")
_EMAIL = click.option("--email", help="instead of the id: every order with this address")
_ORDER = click.option("--order", "order_id", help="instead of the id: this order alone")


@candidates.command()
@_CANDIDATE
@_COMPANY
@_EMAIL
@_ORDER
@click.option("--yes", is_flag=True, type=bool, help="do not ask")
def erase(yes: bool, **given: str | None) -> None:  # noqa: FBT001 - click passes it
    """Erase a candidate for good: keys, results, what is still to be sent. A repeat does what is left."""
    subject = _subject(**given)
    if not yes:
        click.confirm("This cannot be taken back. Erase?", abort=True)
    done = _call("/api/candidates/erase", subject)
    click.echo(
        f"{done['keys']} keys destroyed; orders: {', '.join(done['orders']) or 'none known'}\n"
        f"{len(done['ended'])} of them were open and have ended\n"
        f"{done['deliveries_deleted']} deliveries deleted, {done['deliveries_dropped']} of them not sent yet"
    )
    if done["results_pending"]:
        click.echo("results-publisher does not answer: its results are erased when it is back, by themselves")
    if not done["orders"]:
        click.echo("an order placed before this moment and not read yet is erased when it is")


@candidates.command()
@_CANDIDATE
@_COMPANY
@_EMAIL
@_ORDER
def export(**given: str | None) -> None:
    """Print as JSON what is kept: orders, timelines, the candidate's fields, results, deliveries."""
    click.echo(json.dumps(_call("/api/candidates/export", _subject(**given)), indent=2, ensure_ascii=False))


def _subject(**given: str | None) -> dict[str, str]:
    who = {name: value for name, value in given.items() if value and name != "company_id"}
    if len(who) != 1:
        raise click.UsageError("name a candidate, --email or --order: one of them")
    company_id = given.get("company_id")
    if not company_id:
        raise click.UsageError("--company says whose candidate it is")
    return {"company_id": company_id, **who}


def _call(path: str, body: dict[str, str]) -> Any:
    return _ORDERS.call("POST", path, json.dumps(body))
