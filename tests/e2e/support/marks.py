"""Requests and records with marks in all of their places: each mark says which place it was in."""

import base64
import json
import re
from typing import Any, NamedTuple

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


class Sent(NamedTuple):
    """One request; TOKEN in its headers becomes a good token."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def order(mark: str, **changes: Any) -> bytes:
    """An order with a mark in each of the candidate's and requester's fields."""
    whole = {
        "resultCallbackURL": f"https://api.smartrecruiters.com/orders/{mark}-callback/results",
        "candidate": {
            "id": f"{mark}-id",
            "email": f"{mark}-mail",
            "firstName": f"{mark}-first",
            "lastName": f"{mark}-last",
            "phone": f"{mark}-phone",
        },
        "requester": {"userId": f"{mark}-user", "email": f"{mark}-boss"},
        "assessmentPackageId": f"{mark}-package",
        "jobId": f"{mark}-job",
        "companyId": "marked",
        "fields": {f"{mark}-field": f"{mark}-value"},
    } | changes
    return json.dumps(whole).encode()


def orders_of(mark: str) -> list[bytes]:
    """Orders with marks in them, each wrong in its own way."""
    return [
        order(mark),
        order(mark, companyId=f"{mark}-company"),
        order(mark, candidate=f"{mark}-text"),
        order(
            mark,
            candidate={"firstName": {"x": f"{mark}-deep"}, "lastName": [f"{mark}-list"], f"{mark}-key": 1},
        ),
        order(mark, jobId=7, fields=[f"{mark}-fields"]),
        order(mark, completedAssessmentCallbackUrl=f"javascript:{mark}-script"),
        order(mark, resultCallbackURL=f"https://{mark}-host.example/orders/x/results"),
        order(mark)[:-20],
        order(mark).replace(b'"', b"'"),
        order(mark).replace(b"-first", b"-first\\u0000"),
        order(mark).replace(b"-first", b"\xff\xfe"),
    ]


def forms_of(mark: str) -> list[str]:
    """Token requests with marks in them."""
    return [
        f"grant_type=client_credentials&client_id={mark}-client&client_secret={mark}-secret",
        f"grant_type={mark}-grant&client_id=a&client_secret={mark}-secret",
        f"client_secret={mark}-secret&client_secret={mark}-again",
        f"token={mark}-token&client_id=a&client_secret={mark}-secret",
        f"{mark}-%ff",
    ]


def public(mark: str) -> list[Sent]:
    """To the gateway's public port."""
    token = JSON | {"Authorization": "Bearer TOKEN"}
    return [
        *(
            Sent("POST", path, token, body)
            for path in ("/packages/orders", "/packages/inline/orders")
            for body in orders_of(mark)
        ),
        *(
            Sent("POST", path, FORM, form.encode())
            for path in ("/oauth/token", "/oauth/revoke")
            for form in forms_of(mark)
        ),
        Sent(
            "POST",
            "/oauth/token",
            FORM | {"Authorization": basic(f"{mark}-client:{mark}-secret")},
            b"grant_type=client_credentials",
        ),
        Sent(
            "POST",
            "/oauth/token",
            FORM | {"Authorization": f"Basic {mark}-broken"},
            b"grant_type=client_credentials",
        ),
        Sent("POST", "/packages/orders", JSON | {"Authorization": f"Bearer {mark}-bearer"}, order(mark)),
        Sent("POST", "/packages/orders", JSON | {"Authorization": f"{mark}-scheme x"}, order(mark)),
        Sent(
            "POST",
            "/packages/orders",
            {"Content-Type": f"text/{mark}-type", "Authorization": "Bearer TOKEN"},
            order(mark),
        ),
        *looks(mark),
        *disables(mark),
    ]


def looks(mark: str) -> list[Sent]:
    """Addresses, headers and pages."""
    token = JSON | {"Authorization": "Bearer TOKEN"}
    return [
        Sent("GET", f"/packages?city={mark}-city&address={mark}-street&access_token={mark}-token", token),
        Sent("GET", f"/packages/{mark}-package", token),
        Sent("GET", "/packages", token | {"requester": f"{mark}-requester"}),
        Sent("GET", "/packages", token | {"requester": json.dumps({"email": [f"{mark}-boss"]})}),
        Sent("GET", f"/t/h1.{mark}-link", {}),
        Sent("GET", f"/t/{mark}-link/done?{mark}-query", {}),
        Sent("GET", f"/{mark}-path?{mark}-query={mark}-value", {}),
        Sent(f"{mark}-METHOD", "/packages", {}),
        Sent("GET", f"/connect?companyId=acme&redirect=https://{mark}-host.example/", {}),
        Sent(
            "POST",
            "/connect/sign-in",
            FORM,
            f"visit={mark}-visit&email={mark}-mail&password={mark}-password".encode(),
        ),
        Sent("POST", "/connect/grant", FORM, f"visit={mark}-visit&ticket={mark}-ticket".encode()),
        Sent(
            "GET",
            "/health/live",
            {
                name: f"{mark}-{name}"
                for name in (
                    "Cookie",
                    "Referer",
                    "User-Agent",
                    "traceparent",
                    "tracestate",
                    "baggage",
                    "X-Forwarded-For",
                    "Origin",
                )
            },
        ),
        Sent("GET", "/health/live", {"X-Request-Id": f"{mark} with spaces"}),
    ]


def disables(mark: str) -> list[Sent]:
    """Ends of integrations that are not the token's: in the path, the query and the body."""
    token = JSON | {"Authorization": "Bearer TOKEN"}
    stranger = JSON | {"Authorization": f"Bearer {mark}-bearer"}
    company = f"{mark}-company"
    return [
        sent
        for method in ("DELETE", "POST")
        for sent in (
            Sent(method, f"/integrations/companies/{company}", token),
            Sent(method, f"/integrations/companies/{company}?companyId={mark}-other", token),
            Sent(method, f"/integrations/companies/marked?access_token={mark}-token", stranger),
            Sent(method, f"/integrations?companyId={company}&{mark}-name={mark}-value", token),
            Sent(method, f"/integrations?companyId={company}&companyId={mark}-other", token),
            Sent(method, "/integrations", token, json.dumps({"companyId": company}).encode()),
            Sent(method, "/integrations", token, json.dumps({"companyId": {company: company}}).encode()),
            Sent(method, "/integrations", token, f'{{"companyId": ["{company}"'.encode()),
            Sent(method, "/integrations", stranger, json.dumps({"companyId": company}).encode()),
            Sent(method, "/integrations", token | FORM, f"companyId={company}".encode()),
        )
    ]


def wire(mark: str) -> list[bytes]:
    """Not even requests."""
    return [
        f"{mark}-line\r\n\r\n".encode(),
        f"GET /health/live HTTP/1.1\r\nHost: x\r\nAuthorization Bearer {mark}-bearer\r\n\r\n".encode(),
        f"GET /health/live HTTP/1.1\r\nHost: x\r\nX: {mark}\0\r\n\r\n".encode(),
        f"POST /packages/orders HTTP/1.1\r\nHost: x\r\nContent-Length: {mark}\r\n\r\n".encode(),
        f"GET /{mark} {mark} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    ]


def internal(mark: str) -> list[Sent]:
    """To the ports of the services among themselves."""
    given = JSON | {"Authorization": f"Bearer {mark}-internal"}
    paths = (
        "/internal/oauth/token",
        "/internal/consent/sign-ins",
        "/internal/consent/grants",
        "/api/orders",
        "/console",
    )
    return [
        *(Sent("POST", path, given, f'{{"password": "{mark}-password"'.encode()) for path in paths),
        Sent("GET", f"/internal/{mark}-path?{mark}-query", given),
    ]


def updates(mark: str) -> list[tuple[dict[str, str], bytes]]:
    """Headers and value of records engines should not write."""
    good = {"ce_id": "1", "ce_type": "assessment.updated", "ce_source": "engine", "ce_specversion": "1.0"}
    good |= {"ce_time": "2026-03-02T10:15:00Z", "ce_subject": "o", "content-type": "application/json"}
    whole = {"order_id": "o", "company_id": "marked", "stage": f"{mark}-stage", "occurred_at": f"{mark}-at"}
    return [
        (good, json.dumps(whole).encode()),
        (
            good,
            json.dumps(
                whole | {"result": {"summary": [f"{mark}-summary"], "score": f"{mark}-score"}}
            ).encode(),
        ),
        (good, f'{{"order_id": "{mark}-open'.encode()),
        (good, f"{mark}-text".encode()),
    ]


def secrets(text: str) -> set[str]:
    """Every secret in what a server repeats of a request."""
    patterns = (r"Bearer ([^\s;]+)", r"client_secret=([^&\s,;]+)", r'"clientSecret": ?"([^"]+)"')
    return {found for pattern in patterns for found in re.findall(pattern, text)}


def named(text: str, mark: str) -> list[str]:
    """Every mark in a text, with what it was in."""
    return sorted(set(re.findall(rf"{mark}[-\w]*", text, re.IGNORECASE)))
