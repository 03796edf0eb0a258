"""Which passwords are taken (OWASP ASVS 5.0 §6.2; NIST SP 800-63B §5.1.1)."""

import re
from collections.abc import Set as AbstractSet

from zxcvbn import zxcvbn

SHORTEST = 8
# What eight random characters count as. Guesses at the sign-in end long before (domain.attempts); whoever has
# stolen the table needs a day for them at a thousand Argon2id hashes a second.
FEWEST_GUESSES = 10**8
# Of longer ones the beginning: zxcvbn's time grows faster than what it judges.
JUDGED = 72
# Words of this service and its trade, the documented list of ASVS §6.1.2.
CONTEXT = {
    *("admin", "administrator", "bridge", "connect", "connection", "consent", "integration"),
    *("assessment", "assessments", "candidate", "candidates"),
    *("recruiter", "recruiters", "recruiting", "smartrecruiters"),
}
# zxcvbn knows those up to 2019.
_YEAR = r"(?<!\d)(?:19|20)\d\d(?!\d)"


def words_of(*texts: str) -> AbstractSet[str]:
    """Returns the words of names, e-mail addresses and hosts, of three letters or more."""
    return {word.casefold() for text in texts for word in re.findall(r"[^\W\d_]{3,}", text)}


def is_guessable(password: str, words: AbstractSet[str]) -> bool:
    """Whether it is a common password, or one of few guesses for somebody who knows the words.

    The words count for nothing, nor do those of `CONTEXT`, years, and what separates them: without them
    the rest has to be good by itself. Not for two threads at a time: zxcvbn keeps the words in a global.
    """
    known = sorted(words | CONTEXT, key=len, reverse=True)
    given = rf"[\W_]*(?:{'|'.join([*map(re.escape, known), _YEAR])})[\W_]*"
    judged = password[:JUDGED]
    rest = re.sub(given, "", judged, flags=re.IGNORECASE)
    if not rest:
        return True
    found = [zxcvbn(each, user_inputs=known, max_length=JUDGED)["guesses"] for each in (judged, rest)]
    return min(found) < FEWEST_GUESSES
