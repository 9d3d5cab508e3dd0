"""What `stamp.yaml` says to this plugin."""

from typing import Annotated

from pydantic import Field

from restamp.models.document import Model, Name, Number, Truth
from restamp.models.step import StepId


class Settings(Model):
    """`plugins: {oem-redfish: {settings: ...}}`. In a recovery it is about the machines that are to be deployed."""

    bmcs: tuple[Name, ...] = Field((), description="hosts of the BMCs, one a node: names or addresses")
    user: str = Field("", description="who signs in at all of them; the password is the secret `bmc`")
    nodes: Annotated[Number, Field(ge=1, le=16)] = Field(
        4, description="how many nodes deployment needs at least; a scale unit has 4 to 16 (documented)"
    )
    firmware: dict[str, str] = Field(
        default_factory=dict, description="the least version of each firmware that the OEM approves, by its name"
    )
    after: tuple[StepId, ...] = Field(
        ("oem-generic/firmware",), description="steps that have to be done before machines are looked at, if present"
    )
    before: tuple[StepId, ...] = Field(
        ("oem-generic/deployment",), description="steps that wait for what this plugin does, where they are present"
    )
    power_off: Truth = Field(False, description="adds the step that switches every machine off")
    boot_from_network: Truth = Field(False, description="adds the step that starts every machine from the network once")
