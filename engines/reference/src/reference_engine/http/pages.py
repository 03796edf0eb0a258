"""Pages as answers: rendered on the server, one style sheet, no script, never stored on the way."""

from http import HTTPStatus
from typing import Any

from aiohttp import web
from contracts.types import ResultStatus
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from reference_engine.http.texts import language_of, words
from reference_engine.service import Known

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


class Pages:
    """Each method gives one whole page in the candidate's language."""

    def __init__(self) -> None:
        self._words = words()
        self._templates = Environment(
            loader=PackageLoader("reference_engine.http"),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def test(
        self,
        known: Known,
        token: str,
        *,
        answers: dict[str, str] | None = None,
        missing: tuple[str, ...] = (),
        unavailable: bool = False,
    ) -> web.Response:
        """The welcome before the test has begun, the questions afterwards, with what was wrong."""
        begun = known.order.began_at is not None or answers is not None
        status = HTTPStatus.UNPROCESSABLE_ENTITY if missing else HTTPStatus.OK
        answer = self._page(
            "questions.html" if begun else "welcome.html",
            language_of(known.request.candidate.application_language),
            HTTPStatus.SERVICE_UNAVAILABLE if unavailable else status,
            known=known,
            path=f"/tests/{token}",
            answers=answers or {},
            missing=missing,
            unavailable=unavailable,
        )
        if unavailable:
            answer.headers["Retry-After"] = "2"
        return answer

    def finished(self, known: Known) -> web.Response:
        """Thanks, or the word that the refusal was noted."""
        declined = known.order.result is not None and known.order.result.status is ResultStatus.REJECTED
        return self.message("thanks", "declined_text" if declined else "thanks_text", known=known)

    def message(
        self,
        title: str,
        text: str,
        *,
        known: Known | None = None,
        status: HTTPStatus = HTTPStatus.OK,
        refresh: bool = False,
    ) -> web.Response:
        """A page that only says something."""
        language = language_of(known.request.candidate.application_language if known else None)
        return self._page("message.html", language, status, title=title, text=text, refresh=refresh)

    def style(self) -> web.Response:
        """The style sheet of every page."""
        text = self._templates.get_template("style.css").render()
        return web.Response(text=text, content_type="text/css", headers={"Cache-Control": "max-age=3600"})

    def _page(self, name: str, language: str, status: HTTPStatus, **values: Any) -> web.Response:
        template = self._templates.get_template(name)
        html = template.render(language=language, t=self._words[language], **values)
        return web.Response(text=html, content_type="text/html", status=status, headers=HEADERS)
