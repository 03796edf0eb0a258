"""GET /packages and GET /packages/{id} (SPEC §2)."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from contracts.topics import ENGINES_PACKAGES

from tests.gateway.support.world import World, connected, package
from tests.support.waiting import eventually


async def listed(world: World, query: str = "", requester: Any = None, company: str = "acme") -> list[str]:
    headers = world.bearer(company)
    if requester is not None:
        headers["requester"] = json.dumps(requester)
    async with world.session.get(f"{world.url}/packages{query}", headers=headers) as response:
        if response.status == 204:
            assert await response.read() == b""
            return []
        assert response.status == 200
        return [one["id"] for one in await response.json()]


async def test_shape(shared_world: World) -> None:
    async with shared_world.session.get(
        f"{shared_world.url}/packages/skills", headers=shared_world.bearer()
    ) as response:
        assert response.status == 200
        assert await response.json() == {
            "id": "skills",
            "type": "SKILL_TEST",
            "name": "Package skills",
            "description": "d",
            "assessments": [{"id": "a1", "type": "SKILL_TEST", "description": "x"}],
        }
        assert response.headers["Cache-Control"] == "private, no-store"


async def test_a_package_without_assessments_has_an_empty_list(shared_world: World) -> None:
    async with shared_world.session.get(
        f"{shared_world.url}/packages/inline", headers=shared_world.bearer()
    ) as response:
        assert (await response.json())["assessments"] == []


@pytest.mark.parametrize(
    ("query", "requester", "seen"),
    [
        ("", None, []),
        ("", {"email": "nobody@example.com"}, []),
        ("", {"email": "BOSS@example.com", "more": 1}, ["only-boss"]),
        ("?country-code=PL", None, ["only-pl"]),
        ("?country-code=pl", None, ["only-pl"]),
        ("?country-code=DE", None, []),
        ("?team=blue", None, ["only-blue"]),
        ("?team=red&team=blue", None, ["only-blue"]),
        ("?region-abbr=x&city=%C5%81%C3%B3d%C5%BA&address=&postal-code=1&remote=perhaps", None, []),
        ("?country-code=PL&team=blue", {"email": "boss@example.com"}, ["only-blue", "only-boss", "only-pl"]),
    ],
)
async def test_audience(shared_world: World, query: str, requester: Any, seen: list[str]) -> None:
    assert (
        sorted(set(await listed(shared_world, query, requester)) - {"skills", "inline", "ü/ 100%?#"}) == seen
    )


async def test_by_name(shared_world: World) -> None:
    assert await listed(shared_world) == ["ü/ 100%?#", "inline", "skills"]


async def test_each_company_sees_its_own(shared_world: World) -> None:
    assert "secret-of-globex" in await listed(shared_world, company="globex")
    assert "secret-of-globex" not in await listed(shared_world)
    for company, status in (("globex", 200), ("acme", 404)):
        async with shared_world.session.get(
            f"{shared_world.url}/packages/secret-of-globex", headers=shared_world.bearer(company)
        ) as response:
            assert response.status == status


async def test_any_characters_in_the_path(shared_world: World) -> None:
    from yarl import URL  # noqa: PLC0415

    url = URL(f"{shared_world.url}/packages/{quote('ü/ 100%?#', safe='')}", encoded=True)
    async with shared_world.session.get(url, headers=shared_world.bearer()) as response:
        assert response.status == 200
        assert (await response.json())["id"] == "ü/ 100%?#"


async def test_withdrawn_and_changed(own_world: World) -> None:
    await own_world.tell(ENGINES_PACKAGES, package("skills", company_id="acme", name="Ours"))
    url = f"{own_world.url}/packages/skills"

    async def name() -> Any:
        async with own_world.session.get(url, headers=own_world.bearer()) as response:
            return (await response.json()).get("name")

    assert await eventually(lambda: _is(name, "Ours"))
    await own_world.producer.publish_encoded(ENGINES_PACKAGES.name, b"acme/skills", None, [])
    assert await eventually(lambda: _is(name, "Package skills"))
    for key in (b"*/skills", b"*/inline", "acme/ü/ 100%?#".encode(), b"acme/only-boss"):
        await own_world.producer.publish_encoded(ENGINES_PACKAGES.name, key, None, [])

    async def none_left() -> bool:
        return await listed(own_world) == []

    await eventually(none_left)
    _ = connected


async def _is(read: Any, wanted: str) -> bool:
    return bool(await read() == wanted)
