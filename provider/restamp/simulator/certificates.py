"""A throw-away certificate authority, and the one certificate that fits all true host names of a stamp."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificates:
    """Files for a TLS server and its clients."""

    ca: Path
    chain: Path
    key: Path


def authority(pem: tuple[str, str] | None = None) -> trustme.CA:
    """Return the authority kept as (certificate, key), or a new one."""
    if pem is None:
        return trustme.CA(organization_name="restamp simulator")
    return trustme.CA.from_pem(pem[0].encode(), pem[1].encode())


def pem_of(ca: trustme.CA) -> tuple[str, str]:
    """Return certificate and key of an authority, to be kept with a stamp's state."""
    return ca.cert_pem.bytes().decode(), ca.private_key_pem.bytes().decode()


def write(ca: trustme.CA, region: str, domain: str, folder: Path | None = None) -> Certificates:
    """Write certificate files for `*.<region>.<domain>` and its vaults into `folder`, or into a new temporary one."""
    where = Path(tempfile.mkdtemp(prefix="restamp-simulator-")) if folder is None else folder
    where.mkdir(parents=True, exist_ok=True)
    stamp = f"{region}.{domain}"
    leaf = ca.issue_cert(
        f"*.{stamp}", f"*.vault.{stamp}", f"*.adminvault.{stamp}", stamp, common_name=f"*.{stamp}"[:64]
    )
    files = Certificates(where / "ca.pem", where / "chain.pem", where / "key.pem")
    ca.cert_pem.write_to_path(str(files.ca))
    files.chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    files.key.touch(mode=0o600)
    leaf.private_key_pem.write_to_path(str(files.key))
    return files
