"""What the vendor's operator does: `bridge partner`, `users`, `integrations` and keys of two kinds."""

from credentials.cli.desk import Desk, PartnerDesk
from credentials.cli.encryption_keys import encryption_keys
from credentials.cli.integrations import integrations
from credentials.cli.partner import partner
from credentials.cli.signing_keys import signing_keys
from credentials.cli.users import users

__all__ = ["Desk", "PartnerDesk", "encryption_keys", "integrations", "partner", "signing_keys", "users"]
