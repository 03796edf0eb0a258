"""The person at the browser, against a small site of its own."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from local_stack import ports
from local_stack.browser import Browser
from local_stack.errors import LocalStackError

SIGN_IN = (
    '<title>Sign in</title><form method="post" action="/sign-in"><input name="name">'
    '<input type="hidden" name="ticket" value="t"></form>'
    '<form action="/search"><input name="q"></form>'
)
WAITING = '<title>Wait</title><meta http-equiv="refresh" content="2;url=/waiting">'


class Site(BaseHTTPRequestHandler):
    """Keeps nothing but how often its waiting page was asked for."""

    looked = 0

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/":
                self._answer(302, location="/sign-in", cookie="seen=yes")
            case "/sign-in":
                self._answer(200, SIGN_IN)
            case "/search":
                self._answer(200, f"<title>{self.path}</title>")
            case "/waiting":
                Site.looked += 1
                self._answer(200, WAITING if Site.looked < 3 else "<title>Ready</title>")
            case "/for-ever":
                self._answer(200, WAITING.replace("/waiting", "/for-ever"))
            case _:
                self._answer(302, location="/round")

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._answer(200, f"<title>{sent['name'][0]} {sent['ticket'][0]} {self.headers['Cookie']}</title>")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""

    def _answer(self, status: int, text: str = "", *, location: str = "", cookie: str = "") -> None:
        self.send_response(status)
        for name, value in (("Location", location), ("Set-Cookie", cookie)):
            if value:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


@pytest.fixture
def site() -> Iterator[str]:
    Site.looked = 0
    with ThreadingHTTPServer((ports.HOST, 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://{ports.HOST}:{server.server_port}"
        server.shutdown()
        thread.join()


def test_redirects_are_followed_and_cookies_kept(site: str) -> None:
    with Browser() as browser:
        shown = browser.open(f"{site}/")
        answered = browser.submit(shown.page.forms[0], name="Ada")

    assert shown.hops == [f"{site}/sign-in"]
    assert answered.page.title == "Ada t seen=yes"


def test_a_get_form_asks_in_its_address(site: str) -> None:
    with Browser() as browser:
        shown = browser.submit(browser.open(f"{site}/").page.forms[1], q="a b")

    assert shown.page.title == "/search?q=a+b"


def test_a_page_that_refreshes_itself_is_looked_at_again(site: str) -> None:
    with Browser() as browser:
        shown = browser.wait(browser.open(f"{site}/waiting"), within=20)

    assert (shown.page.title, Site.looked) == ("Ready", 3)


def test_a_page_that_never_stops_waiting_is_told(site: str) -> None:
    with Browser() as browser, pytest.raises(LocalStackError, match=r"still said 'Wait' after 0 s$"):
        browser.wait(browser.open(f"{site}/for-ever"), within=0.1)


def test_a_way_without_end_is_told(site: str) -> None:
    with Browser() as browser, pytest.raises(LocalStackError, match=r"^redirected 20 times"):
        browser.open(f"{site}/round")


def test_nobody_there_is_told() -> None:
    with Browser() as browser, pytest.raises(LocalStackError, match=r"^http.*ConnectError"):
        browser.open(f"http://{ports.HOST}:{ports.free()}/")
