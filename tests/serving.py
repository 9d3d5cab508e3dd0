"""Simulated stamps for tests: made, served, and the settings that lead to them."""

from dataclasses import replace
from typing import Any

from restamp.arm.settings import Settings
from restamp.simulator import Stamp, serve
from restamp.simulator.server import Server

__all__ = ["Server", "new_stamp", "served", "settings_for"]

REGION, DOMAIN = "redmond", "ext.contoso.example"
served = serve  # one name for tests: `with served(stamp) as server`


def new_stamp(region: str = REGION, domain: str = DOMAIN, **more: Any) -> Stamp:
    """An empty stamp with its built-in quotas."""
    return Stamp(region=region, domain=domain, **{"identity": "ADFS"} | more)


def settings_for(server: Server, **more: Any) -> Settings:
    """The settings that reach a served stamp under its true names, as its admin."""
    admin = server.stamp.admin
    found = Settings(
        stamp=f"{server.stamp.region}.{server.stamp.domain}",
        tenant=admin.tenant,
        client_id=admin.client_id,
        client_secret=admin.secret,
        ca=str(server.ca),
        connect_to=server.connect_to,
    )
    return replace(found, **more)
