"""A throw-away certificate for rehearsals: `python tools/certificate.py FOLDER NAME` writes NAME.cer and NAME.pem.

The .cer goes into a runbook's recipients/, the .pem (with its private key, without a password) to whoever opens.
An operator's own comes from their certificate authority: docs/operator/secrets.md.
"""

import datetime as dt
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


def write(folder: Path, name: str) -> tuple[Path, Path]:
    """The files of a new certificate, good for a year: public part, and both parts."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    public, both = folder / f"{name}.cer", folder / f"{name}.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.DER))
    both.touch(0o600)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return public, both


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2])
