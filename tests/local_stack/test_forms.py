"""Pages are read as a browser without scripts reads them."""

import pytest
from local_stack.forms import read

ADDRESS = "http://127.0.0.1:8080/connect?companyId=acme"
PAGE = """
<!doctype html><html><head><title> Sign in </title>
<meta http-equiv="refresh" content="2; url=/t/abc"></head><body>
<a href="help">Help</a>
<form method="post" action="/connect/sign-in">
  <input type="hidden" name="company_id" value="a&amp;b">
  <input type="email" name="email"><input type="password" name="password">
  <input name="locked" value="x" disabled>
  <select name="language">
    <option value="de">Deutsch</option><option value="en" selected>English</option>
  </select>
  <textarea name="note"></textarea>
  <label><input type="radio" name="answer" value="1"> one</label>
  <label><input type="radio" name="answer" value="2" checked> two</label>
  <label><input type="checkbox" name="agree"> yes</label>
  <button name="decision" value="allow">Allow</button><button name="decision" value="deny">Deny</button>
</form>
<form><input name="q"></form>
</body></html>
"""


def test_a_form_sends_what_stands_in_it_and_what_a_person_chose() -> None:
    form = read(PAGE, ADDRESS).forms[0]

    assert (form.action, form.method) == ("http://127.0.0.1:8080/connect/sign-in", "POST")
    assert form.filled(email="a@example.com", decision="allow") == {
        "company_id": "a&b",
        "email": "a@example.com",
        "password": "",
        "language": "en",
        "note": "",
        "answer": "2",
        "decision": "allow",
    }


def test_choices_are_listed() -> None:
    form = read(PAGE, ADDRESS).forms[0]

    assert form.choices == {
        "language": ["de", "en"],
        "answer": ["1", "2"],
        "agree": ["on"],
        "decision": ["allow", "deny"],
    }


def test_a_form_without_action_goes_to_its_own_page() -> None:
    form = read(PAGE, ADDRESS).forms[1]

    assert (form.action, form.method) == (ADDRESS, "GET")


def test_an_answer_the_form_does_not_ask_for_is_refused() -> None:
    with pytest.raises(KeyError, match="passwort"):
        read(PAGE, ADDRESS).forms[0].filled(passwort="x")


def test_title_links_and_refresh_are_absolute() -> None:
    page = read(PAGE, ADDRESS)

    assert page.title == "Sign in"
    assert page.links == ["http://127.0.0.1:8080/help"]
    assert page.refresh == "http://127.0.0.1:8080/t/abc"


def test_a_page_without_anything() -> None:
    page = read("<p>Done</p>", ADDRESS)

    assert (page.forms, page.links, page.refresh) == ([], [], None)
