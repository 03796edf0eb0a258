"""A browser without scripts at the consent pages."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from tests.gateway.support.world import World

BACK = "https://www.smartrecruiters.com/app/landing?x=1&y=%22%3E"
EMAIL = "admin@customer.example"


class Page(HTMLParser):
    """What is on a page: forms with their hidden fields, inputs, labels, text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def hidden(self) -> dict[str, str | None]:
        return {str(one["name"]): one["value"] for one in self.all("input") if one.get("type") == "hidden"}


Answer = tuple[int, Page, Any]


async def show(world: World, **query: str) -> Answer:
    return await answer(world, "GET", f"/connect?{urlencode(query)}")


async def post(world: World, path: str, **form: str) -> Answer:
    return await answer(world, "POST", path, data=form)


async def step(world: World, path: str, redirect: str | None = BACK, **form: str) -> Answer:
    """A form of a visit that began just now."""
    return await post(world, path, visit=await begun(world, redirect), **form)


async def begun(world: World, redirect: str | None = BACK) -> str:
    """A visit's token."""
    _, page, _ = await show(world, companyId="acme", **({"redirect": redirect} if redirect else {}))
    return str(page.hidden()["visit"])


async def answer(world: World, method: str, path: str, **more: Any) -> Answer:
    async with world.session.request(method, world.url + path, allow_redirects=False, **more) as response:
        assert "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        return response.status, Page(await response.text()), response.headers
