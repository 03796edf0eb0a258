"""Who may call what: every path of credentials, tried by every caller."""

from tests.credentials.support.world import World

CALLERS = ("gateway", "orders", "results-publisher", "bridge", "engines", "console")
TOKENS = {name: f"{name}-token-of-the-tests" for name in CALLERS}
WELCOME = {
    ("POST", "/internal/consent/sign-ins"): {"gateway"},
    ("GET", "/internal/consent/methods"): {"gateway"},
    ("POST", "/internal/consent/openid/begin"): {"gateway"},
    ("POST", "/internal/consent/openid/finish"): {"gateway"},
    ("POST", "/internal/consent/choices"): {"gateway"},
    ("POST", "/internal/consent/grants"): {"gateway"},
    ("POST", "/internal/consent/denials"): {"gateway"},
    ("POST", "/internal/oauth/token"): {"gateway"},
    ("POST", "/internal/oauth/revoke"): {"gateway"},
    ("GET", "/internal/jwks"): {"gateway"},
    ("GET", "/internal/companies/acme/integration"): {"gateway"},
    ("POST", "/internal/companies/acme/disable"): {"gateway"},
    ("POST", "/internal/companies/acme/smartrecruiters-token"): {"orders", "results-publisher"},
    ("POST", "/internal/candidate-keys/allot"): {"gateway", "orders"},
    ("POST", "/internal/candidate-keys/bind"): {"orders"},
    ("POST", "/internal/candidate-keys/find"): {"orders"},
    ("POST", "/internal/candidate-keys/erase"): {"orders"},
    ("POST", "/internal/candidate-keys/list"): {"orders"},
    ("POST", "/internal/candidate-keys/unwrap"): {"orders"},
}


async def test_each_caller_is_refused_everything_but_its_own(surroundings: World) -> None:
    table = ",".join(f"{name}:{token}" for name, token in TOKENS.items())
    await surroundings.start(internal_api_callers=table)
    for (method, path), welcome in WELCOME.items():
        for caller, token in TOKENS.items():
            answer = await surroundings.call(path, {}, method=method, token=token)
            # Who is welcome gets the answer to an empty body; a 403 of consent has a code of its own.
            refused = answer.status == 403 and answer.body["code"] == "forbidden"
            assert refused == (caller not in welcome), (caller, path, answer)
    assert (await surroundings.call("/internal/jwks", method="GET", token=None)).status == 401


async def test_with_a_table_the_service_s_own_token_opens_nothing(surroundings: World) -> None:
    await surroundings.start(internal_api_callers=f"gateway:{TOKENS['gateway']}")
    assert (await surroundings.call("/internal/jwks", method="GET")).status == 401
