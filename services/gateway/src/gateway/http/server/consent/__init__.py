"""The consent pages (SPEC §1.3): sign-in, choice of an organisation, scope, grant or deny. No script needed.

What a step has to remember travels in its form: a pop-up is a third-party frame, whose cookies are blocked.
"""

from gateway.http.server.consent.forms import VisitReader
from gateway.http.server.consent.openid import OpenIdHandlers
from gateway.http.server.consent.pages import ConsentPages
from gateway.http.server.consent.steps import ConsentHandlers

__all__ = ["ConsentHandlers", "ConsentPages", "OpenIdHandlers", "VisitReader"]
