"""oem-generic holds to what every plugin promises."""

import restamp_oem_generic
from restamp.testing import PluginContract


class TestOemGeneric(PluginContract):
    """People do it all: what is left to promise is the plan, and looks that write nothing."""

    plugin, name = restamp_oem_generic, "oem-generic"
    ids = tuple(
        f"oem-generic/{step}"
        for step in (
            "hardware",
            "racking",
            "lifecycle-host",
            "firmware",
            "worksheet",
            "switches",
            "version",
            "deployment",
            "update",
            "handover",
        )
    )


del PluginContract
