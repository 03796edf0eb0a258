"""What the consent pages say when something is wrong, and whose move it is. Title, text."""

WRONG_PASSWORD = "The e-mail address or the password is wrong."  # noqa: S105 - what a person reads
NOTHING_ENTERED = "Enter your e-mail address and your password."
EXPIRED = "Your sign-in has expired. Sign in once more."
UNREADABLE = (
    "This link does not work",
    """It is incomplete, or it does not come from SmartRecruiters.
    Close this page, go back to SmartRecruiters and start the connection there once more.""",
)
UNAVAILABLE = (
    "Something of ours does not work right now",
    "Nothing has been connected. Try again in a few minutes.",
)
UNCERTAIN = (
    "We do not know yet whether it worked",
    """The answer takes longer than usual. Wait a minute, then look in SmartRecruiters: if your company is not
    connected there, try again.""",
)
NOT_CONNECTED = "The connection could not be made"
TOO_OLD = ("This page is too old", "Nothing has been connected. Start again.")
NOT_BEGUN = (
    "This sign-in was not begun here",
    """Nothing has been connected. Go back to SmartRecruiters, start the connection there once more,
    and finish it in the same browser.""",
)
FAULTS = {
    "sign_in_not_begun": NOT_BEGUN,
    "sign_in_declined": ("You were not signed in", "Nothing has been connected. Start again."),
    "identity_not_proven": (
        "Your sign-in could not be confirmed",
        "Nothing has been connected. Start again.",
    ),
    "email_not_verified": ("Your e-mail address is not confirmed", "Confirm it where you sign in."),
    "person_unknown": ("You may not connect companies yet", "Ask our support to add you."),
    "identity_provider_unavailable": (
        "The sign-in service does not answer",
        "Nothing has been connected. Try again in a few minutes.",
    ),
    "company_of_another_organisation": (
        "This company belongs to another organisation",
        """Nothing has been connected. Sign in as somebody of the organisation that connected it before,
        or ask our support to move it.""",
    ),
    "connection_in_progress": (
        "This company is being connected right now",
        "Somebody else has started the same connection. Wait a minute, then look in SmartRecruiters.",
    ),
    "too_many_attempts": (
        "Too many attempts",
        """Signing in is blocked for a while. Try again in fifteen minutes; if it is blocked then, too,
        ask our support to unlock you.""",
    ),
    "already_integrated": (
        "SmartRecruiters says this company is connected already",
        """Nothing has been changed. To connect anew, the SmartRecruiters administrator of your company
        disconnects the integration there first.""",
    ),
    "not_consented_at_smartrecruiters": (
        "Your company has not consented at SmartRecruiters",
        """Nothing has been connected. The SmartRecruiters administrator of your company agrees to the
        integration there first, then starts the connection again.""",
    ),
    "smartrecruiters_answer_lost": (
        "We do not know whether SmartRecruiters took it",
        "Nothing has changed here. Try again in a few minutes.",
    ),
    "smartrecruiters_unavailable": (
        "SmartRecruiters did not answer",
        "Nothing has been connected. Try again in a few minutes.",
    ),
    "partner_configuration_missing": (
        "We are not set up at SmartRecruiters yet",
        "Nothing has been connected. This is our move: please tell our support.",
    ),
}
