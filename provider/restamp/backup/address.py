r"""Where a share is, as people write it: a folder, smb://user@host:port/share/folder, or \\host\share\folder."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from restamp.backup.share import Folder, Share
from restamp.errors import Refused
from restamp.models.finding import Finding

Credentials = Callable[["Address"], tuple[str, str]]
_FORMS = "A folder, smb://user@host[:port]/share/folder, or '\\\\host\\share\\folder' in single quotes."


@dataclass(frozen=True, slots=True)
class Address:
    r"""A folder of an SMB share; `user` is `DOMAIN\name`, `name`, or empty."""

    host: str
    share: str
    folder: str = ""  # with / between its parts
    port: int = 445
    user: str = ""

    def __str__(self) -> str:
        port = f":{self.port}" if self.port != 445 else ""
        return f"smb://{self.host}{port}/{'/'.join(part for part in (self.share, self.folder) if part)}"


@contextmanager
def opened(text: str, credentials: Credentials) -> Iterator[Share]:
    """The share at an address, until the block ends; `credentials` is asked for user and password of an SMB one."""
    address = parsed(text)
    if isinstance(address, Path):
        yield Folder(address)
        return
    if find_spec("smbprotocol") is None:
        hint = "pip install 'restamp[smb]', or mount the share and name its folder."
        raise Refused([Finding("no-smb", "stop", str(address), "there is no SMB client in this environment", hint)])
    from restamp.backup.smb import Smb

    with Smb.connected(address, *credentials(address)) as share:
        yield share


def parsed(text: str) -> Address | Path:
    """An address, or the folder that is meant; Refused where it is neither."""
    if text.lower().startswith("smb://"):
        return _url(text)
    if text.startswith("\\\\"):
        host, _, rest = text[2:].replace("\\", "/").partition("/")
        return _address(text, host, rest)
    if text.startswith("\\"):
        raise _refused(text, "has one backslash where two begin a share: the shell took the other")
    if "://" in text:
        raise _refused(text, "is no address that restamp knows")
    return Path(text)


def _url(text: str) -> Address:
    url = urlsplit(text)
    if url.password is not None:  # it would stay in the shell's history and in the list of processes
        raise _refused(f"smb://{url.hostname}{url.path}", "has a password in it", "RESTAMP_SHARE_PASSWORD holds it.")
    try:
        port = url.port or 445
    except ValueError:
        raise _refused(text, "has a port that is none") from None
    user = unquote(url.username or "").replace(";", "\\", 1)
    return _address(text, url.hostname or "", unquote(url.path), port, user)


def _address(text: str, host: str, path: str, port: int = 445, user: str = "") -> Address:
    share, _, folder = path.strip("/").partition("/")
    if not host or not share:
        raise _refused(text, "names no host" if not host else "names no share")
    return Address(host, share, folder.strip("/"), port, user)


def _refused(text: str, message: str, hint: str = _FORMS) -> Refused:
    return Refused([Finding("share", "stop", text, message, hint)])
