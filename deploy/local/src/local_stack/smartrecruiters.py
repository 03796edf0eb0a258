"""SmartRecruiters' side, played by the sandbox; its admin API (sandbox/README.md) does what a user clicks."""

from typing import Any

import httpx

from local_stack.errors import LocalStackError

# The sandbox itself waits 15 s for the partner, as SmartRecruiters does.
TIMEOUT = 30.0

Json = dict[str, Any]


class SmartRecruiters:
    """Each method is a click in SmartRecruiters; LocalStackError tells what it would have shown as wrong."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=f"{url}/admin", timeout=TIMEOUT, trust_env=False)

    def close(self) -> None:
        """No click works from now on."""
        self._client.close()

    def configuration(self) -> Json:
        """What the partner has configured (SPEC §1.2)."""
        return self._ask("GET", "/configuration")

    def company(self, company_id: str) -> Json:
        """The company, with its jobs and candidates."""
        return self._ask("GET", f"/companies/{company_id}")

    def consent_url(self, company_id: str) -> str:
        """Where the administrator is sent who clicks Connect (SPEC §1.3)."""
        return str(self._ask("GET", f"/companies/{company_id}/consent-url")["url"])

    def packages(self, company_id: str, **wish: Any) -> list[Json]:
        """The list as a requester sees it (SPEC §2)."""
        return list(self._well("packages", "POST", f"/companies/{company_id}/packages", wish)["answer"] or [])

    def package(self, company_id: str, package_id: str) -> Json:
        """One package (SPEC §2)."""
        return dict(self._well("package", "GET", f"/companies/{company_id}/packages/{package_id}")["answer"])

    def order(self, company_id: str, **wish: Any) -> Json:
        """A recruiter orders (SPEC §3)."""
        return self._well("order", "POST", f"/companies/{company_id}/orders", wish)

    def inline_order(self, company_id: str, **wish: Any) -> Json:
        """A candidate comes to the assessment while applying (SPEC §3)."""
        return self._well("inline order", "POST", f"/companies/{company_id}/inline-orders", wish)

    def shown(self, order_id: str) -> Json:
        """The order with everything the partner told about it (SPEC §5)."""
        return self._ask("GET", f"/orders/{order_id}")

    def calls(self, **only: str) -> list[Json]:
        """What was called, oldest first: `after` a number, `call`, `company_id`, `order_id`."""
        return list(self._ask("GET", "/record", query=only)["entries"])

    def last_call(self) -> int:
        """The number of the newest call."""
        return max((int(each["n"]) for each in self.calls()), default=0)

    def _well(self, what: str, method: str, path: str, body: Json | None = None) -> Json:
        """A call to the partner whose answer SmartRecruiters has nothing to say against."""
        outcome = self._ask(method, path, body)
        if outcome["problems"]:
            answer = f"{outcome['status']} {outcome['answer']}"
            raise LocalStackError(f"{what}: {'; '.join(outcome['problems'])} (the answer was {answer})")
        return outcome

    def _ask(
        self, method: str, path: str, body: Json | None = None, query: dict[str, str] | None = None
    ) -> Json:
        try:
            answer = self._client.request(method, path, json=body, params=query)
        except httpx.HTTPError as error:
            raise LocalStackError(f"sandbox: {type(error).__name__} {error}") from error
        if answer.is_error:
            raise LocalStackError(f"sandbox: {method} {path} was answered {answer.status_code} {answer.text}")
        found: Json = answer.json()
        return found
