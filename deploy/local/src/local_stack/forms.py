"""The forms and links of an HTML page, as a browser without scripts sees them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin


@dataclass
class Form:
    """Where a form goes, and what it sends when nobody touches it."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """Values offered by radio buttons, selects and named submit buttons."""

    def filled(self, **answers: str) -> dict[str, str]:
        """What is sent when a person gives these answers; KeyError names one that is not asked for."""
        for name in answers:
            if name not in self.values and name not in self.choices:
                raise KeyError(f"the form has no field {name}: {sorted({*self.values, *self.choices})}")
        return self.values | answers


@dataclass
class Page:
    """One page; addresses are absolute."""

    title: str
    forms: list[Form]
    links: list[str]
    refresh: str | None
    """Where `<meta http-equiv=refresh>` leads."""


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.page = Page(title="", forms=[], links=[], refresh=None)
        self._form: Form | None = None
        self._select: str | None = None
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "title":
                self._in_title = True
            case "a" if "href" in given:
                self.page.links.append(urljoin(self.address, given["href"]))
            case "meta" if given.get("http-equiv", "").lower() == "refresh":
                _, _, target = given.get("content", "").partition("url=")
                self.page.refresh = urljoin(self.address, target.strip("'\" "))
            case "form":
                action = urljoin(self.address, given.get("action") or self.address)
                self._form = Form(action=action, method=given.get("method", "get").upper())
                self.page.forms.append(self._form)
            case "input" | "button" | "textarea" | "select" | "option" if self._form is not None:
                self._control(self._form, tag, given)

    def _control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, value = given.get("name"), given.get("value", "")
        if tag == "option":
            if self._select is not None:
                form.choices[self._select].append(value)
                if "selected" in given or self._select not in form.values:
                    form.values[self._select] = value
            return
        if not name or "disabled" in given:
            return
        if tag == "select":
            self._select = name
            form.choices.setdefault(name, [])
        elif tag == "button" or given.get("type") in ("submit", "radio", "checkbox"):
            form.choices.setdefault(name, []).append(value or "on")
            if "checked" in given:
                form.values[name] = value or "on"
        else:
            form.values[name] = value

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "form":
                self._form = None
            case "select":
                self._select = None
            case "title":
                self._in_title = False
            case _:
                pass

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.page.title += data.strip()


def read(html: str, address: str) -> Page:
    """The page that this address answered with."""
    reader = _Reader(address)
    reader.feed(html)
    reader.close()
    return reader.page
