import pytest
from runtime.fencing import Fence, ForbiddenUrl

FENCE = Fence(
    [
        "api.smartrecruiters.com",
        "*.smartrecruiters.com",
        "partner.example:8443",
        "127.0.0.1:8090",
        "localhost",
        "[::1]:8090",
        "http://sandbox:8090",
    ]
)

ALLOWED = [
    "https://api.smartrecruiters.com/assessment-api/v202010/orders/1/results",
    "https://API.SmartRecruiters.COM/x",
    "HTTPS://api.smartrecruiters.com/x",
    "https://api.smartrecruiters.com:443/x",
    "https://eu.api.smartrecruiters.com/x?y=a%20b",
    "https://partner.example:8443/x",
    "http://127.0.0.1:8090/x",
    "https://127.0.0.1:8090/x",
    "http://localhost:1234/x",
    "http://[::1]:8090/x",
    "http://sandbox:8090/x",
    "https://api.smartrecruiters.com/a@b",
]
FORBIDDEN = [
    "",
    "api.smartrecruiters.com/x",
    "//api.smartrecruiters.com/x",
    "/x",
    "https:api.smartrecruiters.com/x",
    "https:/api.smartrecruiters.com/x",
    "https:///api.smartrecruiters.com/x",
    "ftp://api.smartrecruiters.com/x",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "gopher://api.smartrecruiters.com/x",
    "http://api.smartrecruiters.com/x",
    "http://partner.example:8443/x",
    "https://smartrecruiters.com/x",
    "https://evilsmartrecruiters.com/x",
    "https://smartrecruiters.com.evil.example/x",
    "https://api.smartrecruiters.com.evil.example/x",
    "https://api.smartrecruiters.com./x",
    "https://.smartrecruiters.com/x",
    "https://a..smartrecruiters.com/x",
    "https://-a.smartrecruiters.com/x",
    "https://a_b.smartrecruiters.com/x",
    "https://api.smartrecruiters.com:444/x",
    "https://api.smartrecruiters.com:8443/x",
    "https://api.smartrecruiters.com:0/x",
    "https://api.smartrecruiters.com:/x",
    "https://api.smartrecruiters.com:99999/x",
    "https://api.smartrecruiters.com:port/x",
    "https://partner.example/x",
    "https://api.smartrecruiters.com@evil.example/x",
    "https://user@api.smartrecruiters.com/x",
    "https://user:password@api.smartrecruiters.com/x",
    "https://evil.example#@api.smartrecruiters.com/x",
    "https://evil.example?@api.smartrecruiters.com/x",
    "https://evil.example\\@api.smartrecruiters.com/x",
    "https://api.smartrecruiters.com\\evil.example/x",
    "https:\\\\api.smartrecruiters.com/x",
    "https://api.smartrecruiters.com%2eevil.example/x",
    "https://evil.example%00.smartrecruiters.com/x",
    "https://evil.example%2f.smartrecruiters.com/x",
    "https://api.smartrecruiters.com\u3002evil.example/x",
    "https://\u0430pi.smartrecruiters.com/x",
    "https://evil\u2025smartrecruiters.com/x",
    "https://api.smartrecruiters.com/\u00e9",
    " https://api.smartrecruiters.com/x",
    "https://api.smartrecruiters.com/x ",
    "https://api.smartrecruiters.com/a b",
    "https://api.smartrecruiters.com/x\r\nHost: evil.example",
    "https://api.smart\trecruiters.com/x",
    "https://api.smartrecruiters.com/\x00",
    "https://127.0.0.1:8091/x",
    "https://127.1:8090/x",
    "https://2130706433:8090/x",
    "https://0x7f000001:8090/x",
    "https://0177.0.0.1:8090/x",
    "https://[::1]:8091/x",
    "https://[::ffff:127.0.0.1]:8090/x",
    "https://[::1%25lo]:8090/x",
    "https://[::1/x",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/x",
    "http://sandbox/x",
    "http://sandbox:80/x",
    "https://*.smartrecruiters.com/x",
    "https://api.smartrecruiters.com/x#fragment",
]


@pytest.mark.parametrize("url", ALLOWED)
def test_a_configured_host_is_inside(url: str) -> None:
    FENCE.check(url)


@pytest.mark.parametrize("url", FORBIDDEN)
def test_everything_else_is_outside(url: str) -> None:
    with pytest.raises(ForbiddenUrl):
        FENCE.check(url)


def test_a_reason_never_holds_the_address() -> None:
    with pytest.raises(ForbiddenUrl) as caught:
        FENCE.check("https://user:secret@api.smartrecruiters.com/x")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "entry",
    [
        "https://",
        "a b",
        "user@host",
        "host/path",
        "ftp://host",
        "*.127.0.0.1",
        "host:x",
        "http://*.host",
        "*",
    ],
)
def test_a_list_that_says_anything_else_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="not a host"):
        Fence([entry])


@pytest.mark.parametrize(
    ("host", "address", "inside"),
    [
        ("api.smartrecruiters.com", "93.184.216.34", True),
        ("api.smartrecruiters.com", "2606:2800:220:1:248:1893:25c8:1946", True),
        ("api.smartrecruiters.com", "127.0.0.1", False),
        ("api.smartrecruiters.com", "10.1.2.3", False),
        ("api.smartrecruiters.com", "169.254.169.254", False),
        ("api.smartrecruiters.com", "::1", False),
        ("api.smartrecruiters.com", "fe80::1%eth0", False),
        ("api.smartrecruiters.com", "::ffff:10.0.0.1", False),
        ("localhost", "127.0.0.1", True),
        ("sandbox", "172.18.0.4", True),
    ],
)
def test_a_public_name_may_not_point_inward(host: str, address: str, inside: bool) -> None:  # noqa: FBT001 - a table
    if inside:
        FENCE.check_address(host, address)
        return
    with pytest.raises(ForbiddenUrl):
        FENCE.check_address(host, address)


async def test_the_resolver_refuses_what_points_inward() -> None:
    resolver = Fence(["localhost"]).resolver()
    assert await resolver.resolve("localhost", 80)
    strict = Fence(["localhost.localdomain"]).resolver()
    with pytest.raises(OSError, match=r"private address|Name or service|resol"):
        await strict.resolve("127.0.0.1.", 80)
    await resolver.close()
    await strict.close()
