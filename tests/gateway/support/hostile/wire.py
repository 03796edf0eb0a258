"""The table of what is not HTTP/1.1, or only just: bytes as they go over the wire (RFC 9110, RFC 9112)."""

from dataclasses import dataclass

from tests.gateway.support.cases import GOOD

MARK = "hostile-mark"
SIZE = len(GOOD)


@dataclass(frozen=True)
class Wire:
    """`statuses` of the answers in their order; none when the connection is closed without a word.

    TOKEN in the bytes becomes a good token.
    """

    name: str
    sent: bytes
    statuses: tuple[int, ...] = (400,)


def line(name: str, start: bytes, statuses: tuple[int, ...] = (400,)) -> Wire:
    """A request line of its own, with the headers a request needs."""
    return Wire(name, start + b"\r\nHost: gateway\r\nConnection: close\r\n\r\n", statuses)


def head(name: str, headers: bytes, statuses: tuple[int, ...] = (400,)) -> Wire:
    """A harmless request with more headers."""
    start = b"GET /health/live HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n"
    return Wire(name, start + headers + b"\r\n\r\n", statuses)


def body(name: str, headers: bytes, sent: bytes = GOOD, statuses: tuple[int, ...] = (400,)) -> Wire:
    """An order with a good token, framed in its own way."""
    start = (
        b"POST /packages/orders HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer TOKEN\r\n"
        b"Content-Type: application/json\r\nConnection: close\r\n"
    )
    return Wire(name, start + headers + b"\r\n\r\n" + sent, statuses)


def chunks(name: str, sent: bytes, statuses: tuple[int, ...] = (400,)) -> Wire:
    """An order in chunks that are none."""
    return body(name, b"Transfer-Encoding: chunked", sent, statuses)


REQUEST_LINES = [
    Wire("not HTTP", f"{MARK}\r\n\r\n".encode()),
    Wire("a greeting of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50 + b"\r\n\r\n"),
    Wire("HTTP/2 without asking", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Wire("HTTP/0.9", b"GET /packages\r\n\r\n", (401,)),
    line("HTTP/3.7", b"GET /health/live HTTP/3.7"),
    line("a version that is none", f"GET /health/live {MARK}/1.1".encode()),
    line("a method nobody knows", f"{MARK.upper()} / HTTP/1.1".encode()),
    line("a method of nonsense", b"G(T /health/live HTTP/1.1"),
    line("a very long method", b"A" * 9000 + b" / HTTP/1.1"),
    line("lower-case method", b"get /health/live HTTP/1.1"),
    line("no slash", f"GET {MARK} HTTP/1.1".encode()),
    line("a space in the target", f"GET /health/ {MARK} HTTP/1.1".encode()),
    line("bytes in the target", b"GET /\xff\xfe HTTP/1.1"),
    line("a long target", b"GET /" + b"a" * 9000 + b" HTTP/1.1"),
    line("a long query", b"GET /packages?" + b"a" * 9000 + b" HTTP/1.1"),
    line("another host in absolute form", b"GET http://evil.example/packages HTTP/1.1", (401,)),
    line(
        "a password in absolute form", f"GET http://u:{MARK}@evil.example/packages HTTP/1.1".encode(), (401,)
    ),
    line("half an address", f"GET http://[::1/{MARK} HTTP/1.1".encode()),
    line("a port out of range", f"GET http://gateway:99999999/{MARK} HTTP/1.1".encode()),
    line("a tunnel", b"CONNECT evil.example:443 HTTP/1.1", (404,)),
    line("a tunnel to nowhere", f"CONNECT {MARK}:44x3 HTTP/1.1".encode()),
    line("the whole server", b"OPTIONS * HTTP/1.1", (404,)),
    line("an echo of itself", f"TRACE /packages?{MARK} HTTP/1.1".encode(), (405,)),
    line("two slashes", b"GET //packages HTTP/1.1", (404,)),
    line("two slashes as a host", b"GET //evil.example/packages HTTP/1.1", (404,)),
    line("a way up", b"GET /packages/../metrics HTTP/1.1", (401,)),
    line("a way up in code", b"GET /packages/%2e%2e/metrics HTTP/1.1", (401,)),
]
HEADERS = [
    Wire("no host", b"GET /health/live HTTP/1.1\r\n\r\n"),
    Wire("line feeds alone", f"GET /health/live HTTP/1.1\nHost: {MARK}\n\n".encode()),
    Wire("carriage returns alone", f"GET /health/live HTTP/1.1\rHost: {MARK}\r\r".encode()),
    head("two hosts", f"Host: {MARK}".encode()),
    head("a folded line", f"X-A: a\r\n {MARK}".encode()),
    head("NUL in a value", f"X-A: a\0{MARK}".encode()),
    head("a carriage return in a value", f"X-A: a\r{MARK}".encode()),
    head("no colon", f"Authorization Bearer {MARK}".encode()),
    head("no name", f": {MARK}".encode()),
    head("a space after the name", f"X-A : {MARK}".encode()),
    head("a name in UTF-8", f"XÄ: {MARK}".encode()),
    head("a long value", f"X-A: {MARK}".encode() + b"a" * 9000),
    head("a long name", b"a" * 9000 + b": a"),
    head("a thousand headers", b"\r\n".join(b"X-%d: a" % number for number in range(1000))),
    head("two lengths", b"Content-Length: 0\r\nContent-Length: 5"),
    head("an expectation nobody meets", b"Expect: 200-ok", (417,)),
    head("forwarded from inside", b"X-Forwarded-For: 127.0.0.1\r\nX-Original-URL: /metrics", (200,)),
    head("another method in a header", b"X-HTTP-Method-Override: DELETE", (200,)),
    head("a request id of several lines", f"X-Request-Id: {MARK} {MARK}".encode(), (200,)),
    head("a trace of nonsense", f"traceparent: 00-{MARK}".encode(), (200,)),
    head("a cookie of nonsense", f"Cookie: =;;\xff={MARK}".encode("latin-1"), (200,)),
]
LENGTHS = [
    body("length given twice", f"Content-Length: {SIZE}\r\nContent-Length: {SIZE}".encode()),
    body("length given twice, differently", f"Content-Length: {SIZE}\r\nContent-Length: 1".encode()),
    body("a list of lengths", f"Content-Length: {SIZE}, {SIZE}".encode()),
    body("a negative length", b"Content-Length: -1"),
    body("a length with a sign", f"Content-Length: +{SIZE}".encode()),
    body("a length in hexadecimal", b"Content-Length: 0x10"),
    body("a length with an underscore", b"Content-Length: 1_0"),
    body("a length in other digits", "Content-Length: \N{ARABIC-INDIC DIGIT FIVE}".encode()),
    body("an empty length", b"Content-Length: "),
    body("a length beyond numbers", b"Content-Length: 99999999999999999999999999"),
    body("length and chunks", f"Content-Length: {SIZE}\r\nTransfer-Encoding: chunked".encode(), b"0\r\n\r\n"),
    body("chunks and length", b"Transfer-Encoding: chunked\r\nContent-Length: 3", b"0\r\n\r\n"),
    body("an encoding nobody knows", b"Transfer-Encoding: xchunked", b"0\r\n\r\n"),
    body("chunks, not last", b"Transfer-Encoding: chunked, identity", b"0\r\n\r\n"),
    body("chunks and again none", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"0\r\n\r\n"),
    body("chunks behind a vertical tab", b"Transfer-Encoding: \x0bchunked", b"0\r\n\r\n"),
    body("chunks with a space", b"Transfer-Encoding : chunked", b"0\r\n\r\n"),
    body("packed and in chunks", b"Transfer-Encoding: gzip, chunked", b"0\r\n\r\n"),
    body("nothing at all", b"Content-Length: 0", b""),
    body("packed by an unknown hand", b"Content-Encoding: br\r\nContent-Length: 4", b"abcd"),
    body("packed, and it is not", b"Content-Encoding: deflate\r\nContent-Length: 4", b"abcd"),
]
CHUNKS = [
    chunks("a size that is none", f"{MARK}\r\n\r\n".encode()),
    chunks("a negative size", b"-1\r\n\r\n"),
    chunks("a size with its base", b"0x1\r\na\r\n0\r\n\r\n"),
    chunks("a size with a space before", b" 1\r\na\r\n0\r\n\r\n"),
    chunks("a size beyond numbers", b"ffffffffffffffffffff\r\n"),
    chunks("more than its size", f"1\r\na{MARK}\r\n0\r\n\r\n".encode()),
    chunks("line feeds between", b"1\na\n0\n\n"),
    chunks("a long extension", b"1;" + b"a" * 100_000 + b"\r\n{\r\n0\r\n\r\n"),
    chunks("a length after the end", b"2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n"),
    chunks("a token after the end", f"2\r\n{{}}\r\n0\r\nAuthorization: {MARK}\r\n\r\n".encode()),
]
HOST = b" HTTP/1.1\r\nHost: gateway\r\n"
ALIVE = b"GET /health/live" + HOST + b"\r\n"
LAST = b"GET /nothing" + HOST + b"Connection: close\r\n\r\n"
NO_BODY = b"POST /oauth/token" + HOST + b"Content-Length: 0\r\n\r\n"
INSIDE = b"GET /packages" + HOST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(LAST)
SEVERAL = [
    Wire("one after the other", ALIVE * 3 + LAST, (200, 200, 200, 404)),
    Wire("a second one behind no body", NO_BODY + LAST, (400, 404)),
    Wire("one in the body of another", INSIDE + LAST, (401,)),
    Wire("nonsense behind a good one", ALIVE + f"{MARK}\r\n\r\n".encode()),
    Wire("many more than anyone waits for", ALIVE * 100 + LAST, (200,) * 100 + (404,)),
]
CASES = [*REQUEST_LINES, *HEADERS, *LENGTHS, *CHUNKS, *SEVERAL]
