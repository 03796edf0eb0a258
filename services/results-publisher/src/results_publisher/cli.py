"""`bridge deliveries`: dead letters in an operator's hands, over the service's internal API."""

import json
from typing import TextIO
from urllib.parse import urlencode

import click
from runtime.operating import RunningService

_call = RunningService(
    "results-publisher", variable="RESULTS_PUBLISHER_URL", default="http://127.0.0.1:9083", deadline=30
).call


@click.group()
def deliveries() -> None:
    """See, mend and replay what goes to SmartRecruiters."""


@deliveries.command("list")
@click.option("--status", default="dead", show_default=True, help="pending, held, published, dead, … or all")
@click.option("--company", "company_id")
@click.option("--order", "order_id")
@click.option("--reason", help="as the list shows it, e.g. http_400")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 500))
def list_deliveries(
    status: str, company_id: str | None, order_id: str | None, reason: str | None, limit: int
) -> None:
    """List deliveries, newest first."""
    given = {
        "status": None if status == "all" else status,
        "company_id": company_id,
        "order_id": order_id,
        "reason": reason,
        "limit": limit,
    }
    query = urlencode({name: value for name, value in given.items() if value is not None})
    for one in _call("GET", f"/api/deliveries?{query}")["deliveries"]:
        words = [one[name] for name in ("delivery_id", "status", "kind", "company_id", "order_id")]
        click.echo("  ".join([*words, f"attempts={one['attempts']}", one["reason"] or ""]).rstrip())


@deliveries.command()
@click.argument("delivery_id", type=click.UUID)
def show(delivery_id: object) -> None:
    """Show a delivery: its body and every attempt."""
    found = _call("GET", f"/api/deliveries/{delivery_id}")
    click.echo(json.dumps({**found, "body": json.loads(found["body"])}, indent=2, ensure_ascii=False))


@deliveries.command()
@click.argument("delivery_id", type=click.UUID)
@click.option(
    "--file", "source", type=click.File("r", encoding="utf-8"), help="the new body; else your editor"
)
def edit(delivery_id: object, source: TextIO | None) -> None:
    """Mend a dead letter's body; replay it afterwards."""
    body = source.read() if source else _edited(str(delivery_id))
    if body is None:
        click.echo("unchanged")
        return
    _call("PUT", f"/api/deliveries/{delivery_id}/body", body)
    click.echo(f"mended; now: bridge deliveries replay {delivery_id}")


@deliveries.command()
@click.argument("delivery_id", type=click.UUID, required=False)
@click.option("--company", "company_id")
@click.option("--order", "order_id")
@click.option("--reason")
@click.option("--all", "everything", is_flag=True, help="every dead letter")
def replay(
    delivery_id: object | None,
    company_id: str | None,
    order_id: str | None,
    reason: str | None,
    everything: bool,  # noqa: FBT001 - click passes it
) -> None:
    """Send a dead letter again, or all that the options choose."""
    if delivery_id is not None:
        _call("POST", f"/api/deliveries/{delivery_id}/replay")
        click.echo("queued")
        return
    chosen = {"company_id": company_id, "order_id": order_id, "reason": reason, "everything": everything}
    if not any(chosen.values()):
        raise click.UsageError("name a delivery, --company, --order, --reason, or say --all")
    click.echo(f"queued: {_call('POST', '/api/deliveries/replay', json.dumps(chosen))['replayed']}")


def _edited(delivery_id: str) -> str | None:
    body = json.loads(_call("GET", f"/api/deliveries/{delivery_id}")["body"])
    return click.edit(json.dumps(body, indent=2, ensure_ascii=False), extension=".json")
