"""How every client of this process speaks to Kafka: plainly, or by TLS and SASL."""

import asyncio
import ssl
from contextlib import suppress
from typing import Any

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

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


async def reason(bootstrap: str, error: BaseException) -> str:
    """Returns why a client failed to start, for the log: what Kafka did not take, else the error's name."""
    return await refusal(bootstrap, error) or type(error).__name__


async def refusal(bootstrap: str, error: BaseException) -> str:
    """Returns which of our settings Kafka did not take when a client failed to start; empty for other causes.

    aiokafka tells its log alone, and raises that nobody was there: the door is tried once more, for 2 s.
    """
    if not isinstance(error, KafkaConnectionError):
        return ""
    with suppress(TimeoutError):
        async with asyncio.timeout(2):
            for host, port, _ in collect_hosts(bootstrap):
                if said := await _refusal(host, port):
                    return said
    return ""


async def _refusal(host: str, port: int) -> str:
    settings = KafkaSecurity()
    try:
        connection = await create_conn(host, port, request_timeout_ms=2000, **options())
    except SaslAuthenticationFailed:
        return (
            f"it refuses user {settings.kafka_sasl_username} by {settings.kafka_sasl_mechanism}: make "
            "KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD what Kafka has, or have Kafka's administrator add it"
        )
    except UnsupportedSaslMechanismError:
        return f"it does not speak {settings.kafka_sasl_mechanism}: change KAFKA_SASL_MECHANISM"
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not trusted: KAFKA_SSL_CA_FILE has to know it ({error.verify_message})"
    except (KafkaError, OSError):
        return ""
    await connection.close()
    return ""


def ssl_context(settings: KafkaSecurity) -> ssl.SSLContext:
    """Returns a context that wants Kafka's certificate to be good, and its host's."""
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ssl_ca_file or None)
        if settings.kafka_ssl_certificate_file:
            context.load_cert_chain(settings.kafka_ssl_certificate_file, settings.kafka_ssl_key_file or None)
    except OSError as error:
        raise StartupError(f"KAFKA_SSL_CA_FILE, KAFKA_SSL_CERTIFICATE_FILE: {error}") from error
    return context
