"""The partner file: what SmartRecruiters shall know of us (SPEC §1.2), read strictly, all faults at once."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from contracts.smartrecruiters import ConsentDisplayMode, MappedField, PartnerConfiguration
from contracts.types import PackageType

from credentials.errors import PartnerFileInvalid

REQUIRED_URLS = ("consentUrl", "assessmentPackageListUrl", "singleAssessmentPackageUrl", "oauthTokenUrl")
OPTIONAL_URLS = ("packageOrderUrl", "inlineAssessmentPackageOrderUrl", "integrationDisableUrl")
INLINE_URL = "inlineAssessmentPackageOrderUrl"
MOST_FIELDS = 5
# What SmartRecruiters fills in itself; the address around it has to be complete.
PLACEHOLDERS = {
    "singleAssessmentPackageUrl": "{assessmentPackageId}",
    "integrationDisableUrl": "{companyId}",
}
# Query parameters SmartRecruiters sends by itself: a mapped field of that name could not be told apart.
RESERVED_IDS = frozenset({"country-code", "region-abbr", "city", "address", "postal-code", "remote"})

_KNOWN = {*REQUIRED_URLS, *OPTIONAL_URLS, "consentDisplayMode", "fields", "supportedAssessmentTypes"}
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_FIELD_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}")
_LOOPBACK = re.compile(r"([a-z0-9-]+\.)*localhost|127(\.\d{1,3}){3}|::1")


def read(content: Any, *, public_url: str) -> PartnerConfiguration:
    """Returns the configuration a file asks for, `${PUBLIC_URL}` filled in.

    Raises PartnerFileInvalid with every fault: where it is and what would be right.
    """
    if not isinstance(content, Mapping):
        raise PartnerFileInvalid(["the file has to be a mapping of SPEC §1.2's names to values"])
    reader = _Reader(public_url.rstrip("/"))
    reader.refuse_unknown(content, _KNOWN, "")
    found: dict[str, Any] = {name: reader.url(content, name, required=True) for name in REQUIRED_URLS}
    found |= {name: reader.url(content, name, required=False) for name in OPTIONAL_URLS}
    found["consentDisplayMode"] = reader.choice(content.get("consentDisplayMode"), "consentDisplayMode")
    found["supportedAssessmentTypes"] = reader.types(content.get("supportedAssessmentTypes"))
    found["fields"] = reader.fields(content.get("fields"))
    reader.match_inline(found)
    if reader.faults:
        raise PartnerFileInvalid(reader.faults)
    kept = {name: value for name, value in found.items() if value is not None}
    return PartnerConfiguration.model_validate(kept)


class _Reader:
    def __init__(self, public_url: str) -> None:
        self._public_url = public_url
        self.faults: list[str] = []

    def refuse_unknown(self, content: Mapping[Any, Any], known: set[str], where: str) -> None:
        for name in content:
            if name not in known:
                self.faults.append(
                    f"{where}{name}: not a name of SPEC §1.2; known are {', '.join(sorted(known))}"
                )

    def url(self, content: Mapping[Any, Any], name: str, *, required: bool) -> str | None:
        value = content.get(name)
        if value is None or value == "":
            if required:
                self.faults.append(f"{name}: is required")
            # Empty says: not supported (SPEC §1.2); left out altogether it is not sent.
            return "" if name == INLINE_URL else None
        if not isinstance(value, str):
            self.faults.append(f"{name}: has to be a text")
            return None
        whole = self._interpolated(value, name)
        fault = _url_fault(whole.replace(PLACEHOLDERS.get(name, "{}"), "placeholder"))
        if fault:
            self.faults.append(f"{name}: {fault}")
        return whole

    def _interpolated(self, value: str, name: str) -> str:
        for variable in _VARIABLE.findall(value):
            if variable != "PUBLIC_URL":
                self.faults.append(f"{name}: ${{{variable}}} is not known; only ${{PUBLIC_URL}} is filled in")
        return _VARIABLE.sub(lambda _: self._public_url, value)

    def choice(self, value: Any, name: str) -> str | None:
        modes = [mode.value for mode in ConsentDisplayMode]
        if value not in modes:
            self.faults.append(f"{name}: has to be {' or '.join(modes)}")
            return None
        return str(value)

    def types(self, value: Any) -> list[str]:
        known = [kind.value for kind in PackageType]
        if not isinstance(value, list) or not value:
            self.faults.append("supportedAssessmentTypes: has to be a list of 1 to 6 types")
            return []
        for place, kind in enumerate(value, start=1):
            if kind not in known:
                self.faults.append(
                    f"supportedAssessmentTypes, entry {place}: {kind} is no type; "
                    f"types are {', '.join(known)}"
                )
        if len({str(kind) for kind in value}) != len(value):
            self.faults.append("supportedAssessmentTypes: a type stands there twice")
        return [kind for kind in value if kind in known]

    def fields(self, value: Any) -> list[MappedField]:
        if value is None:
            return []
        if not isinstance(value, list):
            self.faults.append("fields: has to be a list")
            return []
        if len(value) > MOST_FIELDS:
            self.faults.append(f"fields: {len(value)} are given, SmartRecruiters takes {MOST_FIELDS} at most")
        found = [self._field(field, place) for place, field in enumerate(value, start=1)]
        ids = [field.id for field in found if field is not None]
        self.faults += [
            f"fields: the id {one} stands there twice" for one in sorted({i for i in ids if ids.count(i) > 1})
        ]
        return [field for field in found if field is not None]

    def _field(self, value: Any, place: int) -> MappedField | None:
        where = f"fields, entry {place}: "
        if not isinstance(value, Mapping):
            self.faults.append(f"{where}has to be a mapping of id, name and description")
            return None
        self.refuse_unknown(value, {"id", "name", "description"}, where)
        texts = {name: value.get(name) for name in ("id", "name", "description")}
        missing = [name for name, text in texts.items() if not isinstance(text, str) or not text.strip()]
        self.faults += [f"{where}{name} is required, as a text" for name in missing]
        if missing:
            return None
        if not _FIELD_ID.fullmatch(str(texts["id"])):
            self.faults.append(
                f"{where}id {texts['id']!r} becomes a query parameter's name: "
                "letters, digits and . _ ~ - only, up to 64"
            )
        elif texts["id"] in RESERVED_IDS:
            self.faults.append(
                f"{where}id {texts['id']!r} is a query parameter SmartRecruiters sends by itself"
            )
        return MappedField.model_validate(texts)

    def match_inline(self, found: Mapping[str, Any]) -> None:
        offered = PackageType.INLINE_ASSESSMENT.value in found["supportedAssessmentTypes"]
        if offered and not found[INLINE_URL]:
            self.faults.append(f"{INLINE_URL}: is required, since INLINE_ASSESSMENT is a supported type")
        if not offered and found[INLINE_URL]:
            self.faults.append(
                f"{INLINE_URL}: has to be empty, since INLINE_ASSESSMENT is not a supported type"
            )


def _url_fault(url: str) -> str | None:
    """Returns what is wrong with an absolute address, None when nothing is."""
    if re.search(r"[\s<>\"\\^`{}|]", url) or not url.isascii():
        return "has characters an address cannot have"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "cannot be read as an address"
    if parts.scheme not in {"http", "https"} or not host:
        return "has to be a whole address, https://host/path"
    if parts.username is not None or parts.fragment:
        return "may not hold a user or a fragment"
    if parts.scheme == "http" and not _LOOPBACK.fullmatch(host):
        return "has to be https, unless its host is this machine"
    return None
