"""WS-Management over SOAP: envelopes read and written, as MS-WSMV has them for shells of PowerShell."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape

NAMES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    "ps": "http://schemas.microsoft.com/powershell",
}
DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMES.items())
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
ENVELOPE_SIZE = 153_600  # bytes an answer may have where the client does not say (MS-WSMV)


class Fault(Exception):
    """A request that is answered with a fault: WinRM's number, and what it says in words."""

    def __init__(self, code: int, reason: str, subcode: str = "w:InternalError") -> None:
        super().__init__(reason)
        self.code, self.reason, self.subcode = code, reason, subcode


def malformed(reason: str) -> Fault:
    """Return the fault of a request that is not as the protocol has it."""
    return Fault(2150858770, reason, "w:SchemaValidationError")


@dataclass(frozen=True)
class Message:
    """What a client asks: the action, on which resource, of which shell, with which body."""

    action: str  # the last part of its address: Create, Command, Receive, Send, Signal, Delete, Get ...
    address: str  # the whole of it
    resource: str
    identifier: str
    selectors: Mapping[str, str]
    size: int  # bytes the client takes in one envelope
    body: ElementTree.Element

    @property
    def shell(self) -> str:
        """The shell that is meant; empty when none is."""
        return self.selectors.get("ShellId", "").upper()

    def find(self, path: str) -> ElementTree.Element | None:
        """Return an element of the body."""
        return self.body.find(path, NAMES)


def read(raw: bytes) -> Message:
    """Return the message in an envelope; a Fault when it is none."""
    try:
        envelope = ElementTree.fromstring(raw.replace(b"<!", b"< !"))  # noqa: S314 - no document type, no entities
    except ElementTree.ParseError as wrong:
        raise malformed(f"The request is not well-formed: {wrong}") from wrong
    address = _text(envelope, "s:Header/a:Action")
    body = envelope.find("s:Body", NAMES)
    if not address or body is None:
        raise malformed("The request has no action or no body.")
    options = envelope.findall("s:Header/w:SelectorSet/w:Selector", NAMES)
    return Message(
        action=address.rpartition("/")[2],
        address=address,
        resource=_text(envelope, "s:Header/w:ResourceURI"),
        identifier=_text(envelope, "s:Header/a:MessageID"),
        selectors={each.get("Name", ""): each.text or "" for each in options},
        size=int(re.sub(r"\D", "", _text(envelope, "s:Header/w:MaxEnvelopeSize")) or ENVELOPE_SIZE),
        body=body,
    )


def _text(envelope: ElementTree.Element, path: str) -> str:
    return (envelope.findtext(path, "", NAMES) or "").strip()


def answer(message: Message, body: str) -> bytes:
    """Return the envelope that answers a message; the body is XML with the prefixes of `NAMES`."""
    return _envelope(f"{message.address}Response", message.identifier, body)


def fault(identifier: str, wrong: Fault) -> bytes:
    """Return the envelope that says what is wrong."""
    reason = escape(wrong.reason)
    detail = f'<f:WSManFault Code="{wrong.code}" Machine="localhost"><f:Message>{reason}</f:Message></f:WSManFault>'
    return _envelope(
        "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault",
        identifier,
        f"<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{wrong.subcode}</s:Value></s:Subcode>"
        f'</s:Code><s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason><s:Detail>{detail}</s:Detail>'
        "</s:Fault>",
    )


def _envelope(action: str, relates: str, body: str) -> bytes:
    anonymous = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
    header = (
        f"<a:Action>{escape(action)}</a:Action><a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        f"<a:To>{anonymous}</a:To><a:RelatesTo>{escape(relates)}</a:RelatesTo>"
    )
    return (
        f'<s:Envelope xml:lang="en-US" {DECLARED}><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
    ).encode()
