"""How every client of this engine speaks to Kafka: plainly, or by TLS and SASL."""

import ssl
from typing import Any

from reference_engine.errors import StartupError
from reference_engine.settings import Settings


def options(settings: Settings) -> dict[str, Any]:
    """Returns what aiokafka's clients take for KAFKA_SECURITY_PROTOCOL and its companions.

    Raises StartupError for a file that cannot be read.
    """
    protocol = settings.kafka_security_protocol
    found: dict[str, Any] = {"security_protocol": protocol}
    try:
        if protocol.endswith("SSL"):
            found["ssl_context"] = _ssl_context(settings)
        if protocol.startswith("SASL"):
            found |= {
                "sasl_mechanism": settings.kafka_sasl_mechanism,
                "sasl_plain_username": settings.kafka_sasl_username,
                "sasl_plain_password": settings.kafka_password().get_secret_value(),
            }
    except OSError as error:
        raise StartupError(
            f"KAFKA_SASL_PASSWORD_FILE, KAFKA_SSL_CA_FILE, KAFKA_SSL_CERTIFICATE_FILE: {error}"
        ) from error
    return found


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    """Wants Kafka's certificate to be good, and its host's."""
    context = ssl.create_default_context(cafile=settings.kafka_ssl_ca_file or None)
    if settings.kafka_ssl_certificate_file:
        context.load_cert_chain(settings.kafka_ssl_certificate_file, settings.kafka_ssl_key_file or None)
    return context
