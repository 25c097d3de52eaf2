"""The functions talk to the right server only: its certificate has its name and is the authority's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import fintegrate
from fintegrate.database import Database
from fintegrate.errors import Unavailable
from local.machine.checkout import Checkout
from local.services.native.postgresql import PostgreSQL, hand_over

AMAZON = Path(fintegrate.__file__).with_name("amazon-rds.pem")
NAME, ADDRESS = "localhost", "127.0.0.1"


class Issued(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def issue(name: str, by: Issued | None = None) -> Issued:
    """An authority, or the certificate of a server with this name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    return Issued(builder.sign(by.key if by else key, hashes.SHA256()), key)


class EncryptedPostgreSQL(PostgreSQL):
    """The checkout's server with a certificate."""

    issued: Issued

    def prepare(self) -> None:
        super().prepare()
        for name, content in (("server.crt", self.issued.pem), ("server.key", self.issued.key_pem)):
            file = self.home / name
            file.write_bytes(content)
            hand_over(file, self.account)

    def command(self) -> Sequence[str]:
        files = {"ssl_cert_file": "server.crt", "ssl_key_file": "server.key"}
        switches = [f"--{setting}={self.home / name}" for setting, name in files.items()]
        return [*super().command(), "--ssl=on", *switches]


class Encrypted(NamedTuple):
    url: str
    """With the name that the certificate has."""
    authority: Path
    stranger: Path


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encrypted]:
    folder = tmp_path_factory.mktemp("encrypted")
    authority, stranger = issue("our authority"), issue("another authority")
    server = EncryptedPostgreSQL(Checkout(folder))
    if server.program.find() is None:
        pytest.skip("PostgreSQL is not installed here")
    server.issued = issue(NAME, authority)
    server.start()
    server.wait_ready()
    for name, issued in (("authority", authority), ("stranger", stranger)):
        (folder / f"{name}.pem").write_bytes(issued.pem)
    url = server.url.replace(f"@{ADDRESS}:", f"@{NAME}:")
    yield Encrypted(url, folder / "authority.pem", folder / "stranger.pem")
    server.remove()


def encryption(url: str) -> object:
    database = Database(url)
    try:
        statement = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        row = database.fetch_one(statement, {})
        assert row is not None
        return row["ssl"]
    finally:
        database.close()


def test_server_of_the_authority_is_used(encrypted: Encrypted) -> None:
    url = f"{encrypted.url}?sslmode=verify-full&sslrootcert={encrypted.authority}"

    assert encryption(url) is True


@pytest.mark.parametrize("authority", ["stranger", "Amazon"])
def test_another_authoritys_server_is_refused(encrypted: Encrypted, authority: str) -> None:
    file = AMAZON if authority == "Amazon" else encrypted.stranger
    url = f"{encrypted.url}?sslmode=verify-full&sslrootcert={file}"

    with pytest.raises(Unavailable) as refusal:
        encryption(url)

    assert "certificate verify failed" in str(refusal.value.__cause__)
    assert encryption(f"{encrypted.url}?sslmode=require") is True  # which checks nothing


def test_server_with_another_name_is_refused(encrypted: Encrypted) -> None:
    url = encrypted.url.replace(f"@{NAME}:", f"@{ADDRESS}:")

    with pytest.raises(Unavailable) as refusal:
        encryption(f"{url}?sslmode=verify-full&sslrootcert={encrypted.authority}")

    assert "does not match host name" in str(refusal.value.__cause__)


def test_missing_authority_is_no_way_around(encrypted: Encrypted, tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        encryption(f"{encrypted.url}?sslmode=verify-full&sslrootcert={tmp_path / 'none.pem'}")


def test_layer_holds_amazons_authorities() -> None:
    """Self-signed, for certificates only, and good for years."""
    found = x509.load_pem_x509_certificates(AMAZON.read_bytes())

    names = [
        each.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value for each in found
    ]
    regions = [name for name in names if str(name).endswith("Root CA RSA2048 G1")]
    assert {"Amazon RDS eu-central-1 Root CA RSA2048 G1"} <= {*regions}
    assert [name for name in names if name not in regions] == [
        f"Amazon Root CA {number}" for number in range(1, 5)
    ]
    for each in found:
        each.verify_directly_issued_by(each)
        assert each.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert each.not_valid_after_utc > datetime.now(UTC) + timedelta(days=2 * 365)
