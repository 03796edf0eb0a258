"""How every client of this process speaks to Kafka: plainly, or by TLS and SASL."""

import ssl
from typing import Any

from runtime.errors import StartupError
from runtime.settings import KafkaSecurity


def options() -> dict[str, Any]:
    """Returns what aiokafka's clients take for KAFKA_SECURITY_PROTOCOL and its companions.

    Raises StartupError for a certificate that cannot be read.
    """
    settings = KafkaSecurity()
    found: dict[str, Any] = {"security_protocol": settings.kafka_security_protocol}
    if settings.kafka_security_protocol.endswith("SSL"):
        found["ssl_context"] = ssl_context(settings)
    if settings.kafka_security_protocol.startswith("SASL"):
        found |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": settings.kafka_sasl_password.get_secret_value(),
        }
    return found


def ssl_context(settings: KafkaSecurity) -> ssl.SSLContext:
    """Returns a context that wants Kafka's certificate to be good, and its host's."""
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ssl_ca_file or None)
        if settings.kafka_ssl_certificate_file:
            context.load_cert_chain(settings.kafka_ssl_certificate_file, settings.kafka_ssl_key_file or None)
    except OSError as error:
        raise StartupError(f"KAFKA_SSL_CA_FILE, KAFKA_SSL_CERTIFICATE_FILE: {error}") from error
    return context
