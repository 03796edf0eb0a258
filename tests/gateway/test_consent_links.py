"""Which links begin a visit of the consent pages: whatever is not SmartRecruiters' leads nowhere."""

from urllib.parse import urlencode

import pytest

from tests.gateway.support.consent import answer, step
from tests.gateway.support.world import World


@pytest.mark.parametrize(
    "query",
    [
        "",
        "redirect=https%3A%2F%2Fwww.smartrecruiters.com",
        "companyId=",
        "companyId=a%2Fb",
        "companyId=%3Cscript%3E",
        "companyId=acme&companyId=globex",
        "companyId=" + "a" * 129,
        "companyId=acme&redirect=https%3A%2F%2Fa.smartrecruiters.com&redirect=https%3A%2F%2Fevil.example",
    ],
)
async def test_a_link_that_is_not_smartrecruiters(acme: World, query: str) -> None:
    await _refused_link(acme, query)


@pytest.mark.parametrize(
    "redirect",
    [
        "https://evil.example",
        "https://www.smartrecruiters.com@evil.example",
        "https://www.smartrecruiters.com:pass@evil.example/",
        "https://evil.example\\.smartrecruiters.com",
        "https://evil.example\\@www.smartrecruiters.com/",
        "https:\\\\evil.example",
        "//evil.example",
        "///evil.example",
        "////www.smartrecruiters.com",
        "/\\evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)//https://www.smartrecruiters.com",
        "data:text/html,x",
        "http://www.smartrecruiters.com",
        "ftp://www.smartrecruiters.com",
        "https://www.smartrecruiters.com\r\nSet-Cookie:a",
        "https://www.smartrecruiters.com\t.evil.example",
        " https://www.smartrecruiters.com",
        "https://www.smartrecruiters.com\0",
        "https://www.smartrecruiters.com.evil.example",
        "https://evilsmartrecruiters.com",
        "https://smartrecruiters.com",
        "https://evil.example?.smartrecruiters.com",
        "https://evil.example#.smartrecruiters.com",
        "https://evil.example/.smartrecruiters.com",
        "https://www.smartrecruiters.com:8443/",
        "https://www.smartrecruiters.com:/",
        "https://www.smartrecruiters.com:0/",
        "https://www.smartrecruiters.com:443@evil.example/",
        "https://www.smartrecruiters.com./",
        "https://www..smartrecruiters.com/",
        "https://.smartrecruiters.com/",
        "https://evil.example%2f.smartrecruiters.com/",
        "https://evil%2eexample/",
        "https://%77ww.smartrecruiters.com/",
        "https://evil.example%00.smartrecruiters.com/",
        "https://www\u3002smartrecruiters\u3002com/",
        "https://www\uff0esmartrecruiters\uff0ecom/",
        "https://evil.example\uff0f.smartrecruiters.com/",
        "https://evil.example\u2044.smartrecruiters.com/",
        "https://www.sm\u0430rtrecruiters.com/",
        "https://xn--smrtrecruiters-4ij.com/",
        "https://[www.smartrecruiters.com]/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f000001/",
        "www.smartrecruiters.com",
        "https://www.smartrecruiters.com/" + "a" * 1000,
    ],
)
async def test_a_way_back_that_is_not_smartrecruiters(acme: World, redirect: str) -> None:
    await _refused_link(acme, urlencode({"companyId": "acme", "redirect": redirect}))


async def _refused_link(world: World, query: str) -> None:
    status, page, headers = await answer(world, "GET", f"/connect?{query}")
    assert status == 400
    assert "This link does not work" in page.text
    assert page.all("a") == []
    assert page.all("form") == []
    assert "Location" not in headers
    assert "frame-ancestors https://api.smartrecruiters.com " in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "redirect",
    [
        "https://www.smartrecruiters.com/app/#/settings?x=1",
        "https://WWW.SmartRecruiters.com/",
        "https://a.b.smartrecruiters.com/x?y=//evil.example&z=https://evil.example",
    ],
)
async def test_a_way_back_that_is(acme: World, redirect: str) -> None:
    status, _, headers = await step(acme, "/connect/deny", redirect, ticket="ticket-1")
    assert (status, headers["Location"]) == (303, redirect)
