"""How every client of this engine speaks to Kafka: plainly, or by TLS and SASL."""

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

from reference_engine.errors import StartupError
from reference_engine.kafka.cluster import Cluster
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


async def reason(cluster: Cluster, error: BaseException) -> str:
    """Returns why a client failed, for a person: which setting Kafka did not take, else the error's name.

    aiokafka tells its log alone, and raises that nobody was there: the door is tried once more, for 2 s.
    """
    if isinstance(error, KafkaConnectionError):
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                for host, port, _ in collect_hosts(cluster.bootstrap_servers):
                    if said := await _refusal(host, port, cluster):
                        return said
    return type(error).__name__


async def _refusal(host: str, port: int, cluster: Cluster) -> str:
    try:
        connection = await create_conn(host, port, request_timeout_ms=2000, **cluster.security)
    except SaslAuthenticationFailed:
        user, mechanism = cluster.security["sasl_plain_username"], cluster.security["sasl_mechanism"]
        return (
            f"it refuses user {user} by {mechanism}: make KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD what "
            "Kafka has, or have Kafka's administrator add it"
        )
    except UnsupportedSaslMechanismError:
        return f"it does not speak {cluster.security['sasl_mechanism']}: change KAFKA_SASL_MECHANISM"
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not trusted: KAFKA_SSL_CA_FILE has to know it ({error.verify_message})"
    except (KafkaError, OSError):
        return ""
    await connection.close()
    return ""


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    """Wants Kafka's certificate to be good, and its host's."""
    context = ssl.create_default_context(cafile=settings.kafka_ssl_ca_file or None)
    if settings.kafka_ssl_certificate_file:
        context.load_cert_chain(settings.kafka_ssl_certificate_file, settings.kafka_ssl_key_file or None)
    return context
