"""Bodies that are not JSON, not quite JSON, or JSON that two readers read differently (RFC 8259)."""

from tests.gateway.support.cases import GOOD, Case, raw

BODY = ("body",)


def plus(member: bytes) -> bytes:
    """A good order with one more member at its end."""
    return GOOD[:-1] + b"," + member + b"}"


def named(first_name: bytes) -> bytes:
    """A good order for a candidate of that name, as it stands in the body."""
    return GOOD.replace(b"Ada", first_name)


TEXT = GOOD.decode()
ENCODINGS = [
    raw("a byte order mark", b"\xef\xbb\xbf" + GOOD),
    raw("UTF-16 that does not say so", TEXT.encode("utf-16")),
    raw("UTF-16 without a mark", TEXT.encode("utf-16-le")),
    raw("UTF-32", TEXT.encode("utf-32")),
    raw("UTF-7", TEXT.replace("Ada", "Adä").encode("utf-7").replace(b"{", b"+AHs-")),
    raw("Latin-1", named("Adä".encode("latin-1"))),
    raw("an overlong slash", named(b"\xc0\xaf")),
    raw("a surrogate in UTF-8", named(b"\xed\xa0\x80")),
    raw("beyond Unicode", named(b"\xf4\x90\x80\x80")),
    raw("a cut character", named(b"\xc3")),
    raw("NUL alone", b"\0" * 10),
    raw("NUL at the end", GOOD + b"\0"),
    raw("a no-break space before", b"\xc2\xa0" + GOOD),
    raw("a vertical tab before", b"\x0b" + GOOD),
]
STRINGS = [
    raw("the second half of a surrogate", named(b"\\udc00")),
    raw("halves in the wrong order", named(b"\\udc00\\ud800")),
    raw("half a surrogate nobody knows", plus(b'"x":"\\ud800"')),
    raw("half a surrogate in a name", plus(b'"\\ud800":1')),
    raw("a control character", named(b"A\x01")),
    raw("a raw line break", named(b"A\nB")),
    raw("an escape of another language", named(b"\\x41")),
    raw("an escape of nonsense", named(b"\\u00g0")),
    raw("single quotes", GOOD.replace(b'"', b"'")),
    raw("an open string", GOOD[:-3]),
]
STRUCTURE = [
    raw("a comment", b"/* order */" + GOOD),
    raw("a comma too many", GOOD[:-1] + b",}"),
    raw("two orders", GOOD + GOOD),
    raw("an order a line", GOOD + b"\n" + GOOD),
    raw("a list of orders", b"[" + GOOD + b"]"),
    raw("white space alone", b"  \r\n\t"),
    raw("true", b"true"),
    raw("an unquoted name", GOOD.replace(b'"companyId"', b"companyId")),
    raw("a callback of a prefix", b")]}'\n" + GOOD),
    raw("a hundred thousand lists", b"[" * 100_000),
    raw("objects without an end", b'{"a":' * 100_000),
]
NUMBERS = [
    raw("a number with a plus", plus(b'"x":+1')),
    raw("a leading zero", plus(b'"x":01')),
    raw("a number in hexadecimal", plus(b'"x":0x1')),
    raw("a number of five thousand digits", plus(b'"x":' + b"9" * 5000)),
    raw("a number of two hundred thousand digits", plus(b'"x":' + b"9" * 200_000)),
    raw("an exponent of nothing", plus(b'"x":1e')),
    raw("undefined", plus(b'"x":undefined')),
    raw("True as Python has it", plus(b'"x":True')),
    raw("a company that is no number", plus(b'"companyId":NaN'), named=("companyId",)),
    raw("a job without an end", plus(b'"jobId":Infinity'), named=("jobId",)),
]
# The last of a name counts, for every reader in our house alike: there is one.
TWICE = [
    raw("another company at the end", plus(b'"companyId":"globex"'), 403, ("companyId",)),
    raw(
        "an address elsewhere at the end",
        plus(b'"resultCallbackURL":"https://evil.example/orders/o/results"'),
        named=("resultCallbackURL",),
    ),
    raw("another package at the end", plus(b'"assessmentPackageId":"secret-of-globex"'), 404, ()),
    raw("another candidate at the end", plus(b'"candidate":null'), named=("candidate",)),
    raw("a name in other letters", GOOD.replace(b'"companyId"', b'"CompanyID"'), named=("companyId",)),
    raw(
        "a name with an escaped NUL",
        GOOD.replace(b'"companyId"', b'"companyId\\u0000"'),
        named=("companyId",),
    ),
]
COMPANIES = [
    raw(f"a company called {name}", GOOD.replace(b'"acme"', company), 403, ("companyId",))
    for name, company in {
        "up": b'"../acme"',
        "star": b'"*"',
        "ACME": b'"ACME"',
        "acme and a space": b'"acme "',
        "percent": b'"%61cme"',
        "acme in Cyrillic": '"\N{CYRILLIC SMALL LETTER A}cme"'.encode(),
        "SQL": b"\"acme' OR '1'='1\"",
    }.items()
]
PACKAGES = [
    raw(f"a package called {name}", GOOD.replace(b'"skills"', package), 404, ())
    for name, package in {
        "star": b'"*"',
        "SQL": b'"skills\' OR 1=1 --"',
        "up": b'"../skills"',
        "a template": b'"{{7*7}}"',
        "SKILLS": b'"SKILLS"',
        "globex/secret-of-globex": b'"globex/secret-of-globex"',
        "a line break": b'"skills\\r\\nX: y"',
    }.items()
]
CASES: list[Case] = [*ENCODINGS, *STRINGS, *STRUCTURE, *NUMBERS, *TWICE, *COMPANIES, *PACKAGES]
