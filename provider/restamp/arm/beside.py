"""Where a stamp is reached, and whether another one answers under its name elsewhere: asked without signing in."""

import json
import socket
import ssl
from contextlib import suppress
from http.client import HTTPException, HTTPSConnection

from restamp.arm.settings import Settings

_PATIENCE = 3.0  # seconds: what was lost need not answer
_PORT = 443


def address(settings: Settings) -> str:
    """The address and port that the admin endpoint's name leads to; empty where a proxy dials, or nobody knows it."""
    if settings.proxy:
        return ""
    host, port = settings.where(_name(settings), _PORT)
    with suppress(OSError):
        return f"{socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0]}:{port}"
    return ""


def audience_at(settings: Settings, place: str) -> str:
    """For whom a stamp that answers at an address wants tokens: another in each deployment. Empty where none answers.

    Nothing secret is sent, so whose certificate it has does not matter: that of a lost stamp may be nobody's by now.
    """
    host, _, port = place.rpartition(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    name = _name(settings)
    try:
        with socket.create_connection((host, int(port)), _PATIENCE) as wire:
            connection = HTTPSConnection(name)
            connection.sock = context.wrap_socket(wire, server_hostname=name)
            connection.request("GET", "/metadata/endpoints?api-version=2015-01-01")
            return str(json.loads(connection.getresponse().read())["authentication"]["audiences"][0])
    except (OSError, HTTPException, ValueError, LookupError, TypeError):
        return ""


def _name(settings: Settings) -> str:
    return settings.admin.removeprefix("https://")
