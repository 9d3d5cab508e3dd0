"""The documents and settings that people write."""

from typing import Annotated, Literal

from pydantic import Field

from restamp.models.document import Count, Document, Model, Number, SetOf, form

ServerName = Annotated[
    str,
    Field(max_length=40),
    form(r"[a-z0-9]+(-[a-z0-9]+)*", "is no name of a hosting server: small letters, digits and dashes, at most 40"),
]
Host = Annotated[
    str, form(r"[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?", "is no name or address of a host; its port is `port`")
]
Port = Annotated[Number, Field(ge=1, le=65535)]


class HostingServer(Document):
    """A server on which a resource provider keeps tenants' databases. Its password is in no document."""

    name: ServerName
    host: Host = Field(description="as the resource provider and restamp reach it")
    port: Port
    user: str = Field(min_length=1, description="the administrator that the resource provider signs in as")
    sku: str = Field(min_length=1, description="the SKU that it offers, as the resource provider has it")
    size_in_gb: Count | None = Field(None, description="what the resource provider is told it can hold")
    databases: Annotated[tuple[str, ...], SetOf] = Field((), description="only these; * stands for any letters")
    tls: Literal["verify", "encrypt", "off"] = Field("verify", description="encrypt: whoever the server may be")
    ca: str | None = Field(None, description="file with the certificates it is verified by; left out: the system's")
    dumps: str = Field(min_length=1, description="folder for its dumps, as this machine sees it; from the runbook's on")
    survived: str | None = Field(None, description="the recovery in which it was not lost: it is left as it is")

    @property
    def secret(self) -> str:
        """The secret that steps ask for to sign in."""
        return f"{self.name}-password"

    def __str__(self) -> str:
        return f"{self.name} ({self.host}:{self.port})"


class Settings(Model):
    """Of the plugin, in stamp.yaml."""

    oldest_dump_in_hours: Annotated[Number, Field(ge=1)] = Field(
        26, description="a newer one has to be there: what tenants may lose"
    )
