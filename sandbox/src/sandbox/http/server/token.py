"""POST /identity/oauth/token (SPEC §1.2, §4; RFC 6749 §4.4, §5)."""

from collections import Counter
from urllib.parse import parse_qsl

from sandbox.errors import ApiError, OAuthError
from sandbox.http.server.calls import Answer, Call, read_limited
from sandbox.http.server.keys import SETTINGS

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def by_form(call: Call) -> str | None:
    """Reads the form and finds the client's company; token requests are counted apart from API calls."""
    call.shown = form = await _form(call)
    client = call.state.clients.authenticate(form.get("client_id", ""), form.get("client_secret", ""))
    call.client = client
    call.company_id = client.company_id if client else None
    return f"token:{client.id}" if client else None


async def token(call: Call) -> Answer:
    """Answers with an access token."""
    form = call.shown
    _check_grant(form)
    if call.client is None:
        challenge = {**_NO_STORE, "WWW-Authenticate": 'Basic realm="smartrecruiters"'}
        raise OAuthError(401, "invalid_client", "Client authentication failed.", challenge)
    scopes = call.client.scopes
    asked = form.get("scope", "").split()
    if not set(asked) <= set(scopes):
        raise OAuthError(400, "invalid_scope", "A scope is unknown or not granted.", _NO_STORE)
    body = {
        "access_token": call.state.clients.issue_token(call.client),
        "token_type": "Bearer",
        "expires_in": call.state.clients.token_lifetime,
        "scope": " ".join(asked or scopes),
    }
    return Answer(200, body, _NO_STORE)


async def _form(call: Call) -> dict[str, str]:
    request = call.request
    if request.content_type != "application/x-www-form-urlencoded":
        raise _invalid("The body must be application/x-www-form-urlencoded.")
    try:
        body = (await read_limited(request, request.app[SETTINGS].max_body_bytes)).decode()
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=100)
    except (ValueError, ApiError):
        raise _invalid("The form cannot be read.") from None
    if any(count > 1 for count in Counter(name for name, _ in pairs).values()):
        raise _invalid("A parameter is given more than once.")
    return dict(pairs)


def _check_grant(form: dict[str, str]) -> None:
    missing = [name for name in ("grant_type", "client_id", "client_secret") if not form.get(name)]
    if missing:
        raise _invalid(f"{missing[0]} is missing.")
    if form["grant_type"] != "client_credentials":
        raise OAuthError(400, "unsupported_grant_type", "Only client_credentials is supported.", _NO_STORE)


def _invalid(description: str) -> OAuthError:
    return OAuthError(400, "invalid_request", description, _NO_STORE)
