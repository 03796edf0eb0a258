"""A one-page PDF report, written by hand: five objects, a font every reader has (ISO 32000-1 §7, §9.6.2).

It names the order and the scores and no person: SmartRecruiters shows it with the candidate already.
"""

from contracts.events.assessment import PackageResult, Score

_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
_PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
    b"/Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>"
)


def report(order_id: str, result: PackageResult) -> bytes:
    """Returns the report of a finished test; the same bytes for the same result."""
    lines = [(20, result.name or "Assessment"), (10, f"Order {order_id}")]
    if result.submission_date:
        lines.append((10, f"Submitted {result.submission_date:%Y-%m-%d %H:%M} UTC"))
    lines.append((14, _line("Result", result.score, result.score_label)))
    lines.extend(
        (12, _line(part.name or part.assessment_id, part.score, part.score_label))
        for part in result.assessments
    )
    if result.summary:
        lines.append((10, result.summary))
    return _document(_content(lines))


def _line(name: str, score: Score | None, label: str | None) -> str:
    if score is None:
        return f"{name}: no score"
    return f"{name}: {score.raw} of {score.max}" + (f" ({label})" if label else "")


def _content(lines: list[tuple[int, str]]) -> bytes:
    parts, height = [b"BT"], 780
    for size, text in lines:
        parts.append(b"/F1 %d Tf 1 0 0 1 60 %d Tm (%b) Tj" % (size, height, _escape(text)))
        height -= size + 14
    return b"\n".join([*parts, b"ET"])


def _escape(text: str) -> bytes:
    """Strings end at an unmatched parenthesis; what Windows-1252 has not becomes a question mark."""
    raw = text.encode("cp1252", "replace")
    return raw.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")


def _document(content: bytes) -> bytes:
    stream = b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content)
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        _PAGE,
        _FONT,
        stream,
    )
    body, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, obj in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, obj)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, table)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + head + trailer
