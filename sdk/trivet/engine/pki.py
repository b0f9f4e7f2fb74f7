"""The vendor's certificate authority. Takes names and keys, gives P-256 certificates in DER; never keeps a device's
private key and never reads the clock but for a certificate's dates.

Names follow what the engine checks: a device certificate's common name is the device id, and its only use is TLS
client authentication; the server's names are in its subject alternative name.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_YEARS = 30
DEVICE_YEARS = 20  # an appliance outlives every renewal plan; revocation is at the engine's door
SERVER_DAYS = 397
_BACKDATE = dt.timedelta(days=1)
# Appliances may start without a trusted clock, but never before they were made.
_Key = ec.EllipticCurvePrivateKey


class Certified(NamedTuple):
    key: _Key
    certificate: x509.Certificate


def new_key() -> _Key:
    return ec.generate_private_key(ec.SECP256R1())


def key_der(key: _Key) -> bytes:
    """SEC 1 form (`EC PRIVATE KEY`), which mbedTLS on the appliance reads."""
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def key_pem(key: _Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def certificate_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def certificate_der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def load(key_file: bytes, certificate_file: bytes) -> Certified:
    key = serialization.load_pem_private_key(key_file, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("the certificate authority's key is no P-256 key: restore secrets/ca.key from its backup")
    return Certified(key, x509.load_pem_x509_certificate(certificate_file))


def new_ca(name: str = "Trivet appliances") -> Certified:
    key = new_key()
    builder = _builder(name, key.public_key(), _name(name), dt.timedelta(days=365 * CA_YEARS))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(ca=True), critical=True)
    return Certified(key, builder.sign(key, hashes.SHA256()))


def new_server(ca: Certified, hosts: list[str]) -> Certified:
    """A server certificate for `hosts` (names or addresses) and always for loopback."""
    key = new_key()
    names = [_general_name(host) for host in dict.fromkeys(["localhost", "127.0.0.1", "::1", *hosts])]
    builder = _leaf(ca, hosts[0] if hosts else "localhost", key.public_key(), dt.timedelta(days=SERVER_DAYS))
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return Certified(key, builder.sign(ca.key, hashes.SHA256()))


def new_device(ca: Certified, device: str, public_key: ec.EllipticCurvePublicKey) -> x509.Certificate:
    """A certificate for a key that the board may have made itself: only the public half is needed."""
    builder = _leaf(ca, device, public_key, dt.timedelta(days=365 * DEVICE_YEARS))
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    return builder.sign(ca.key, hashes.SHA256())


def needs_renewal(certificate: x509.Certificate, hosts: list[str], now: dt.datetime) -> bool:
    """Whether the server's certificate ends within 30 days or lacks one of its names."""
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    missing = any(_general_name(host) not in names for host in hosts)
    return missing or certificate.not_valid_after_utc - now < dt.timedelta(days=30)


def common_name(certificate: x509.Certificate) -> str | None:
    """The only common name of a certificate; None where there is none or more than one."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if len(names) == 1 else None


def _leaf(
    ca: Certified, name: str, public_key: ec.EllipticCurvePublicKey, life: dt.timedelta
) -> x509.CertificateBuilder:
    builder = _builder(name, public_key, ca.certificate.subject, life)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(ca=False), critical=True)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key())
    return builder.add_extension(authority, critical=False)


def _builder(
    name: str, public_key: ec.EllipticCurvePublicKey, issuer: x509.Name, life: dt.timedelta
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(_name(name)).issuer_name(issuer).public_key(public_key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - _BACKDATE).not_valid_after(now + life)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
