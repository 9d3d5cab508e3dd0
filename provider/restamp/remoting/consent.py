"""Our end of a session where cmdlets may ask: it presses ENTER, and says Yes. What is asked is repeated nowhere."""

from typing import Any

from pypsrp.complex_objects import CultureInfo
from pypsrp.host import PSHost, PSHostUserInterface

_VERSION = "1.0"


class Consent(PSHostUserInterface):
    """Answers what a cmdlet asks; the names are the protocol's (MS-PSRP 2.2.3.17)."""

    def PromptForChoice(self, _pool: Any, _shell: Any, *asked: Any) -> int:
        """The choice called Yes; where there is none, that of ENTER."""
        _, _, choices, default = asked
        labels = [_label(choice) for choice in choices]
        return labels.index("yes") if "yes" in labels else max(int(default), 0)

    def ReadLine(self, _pool: Any, _shell: Any) -> str:
        """ENTER."""
        return ""

    def Prompt(self, _pool: Any, _shell: Any, *asked: Any) -> dict[str, str]:
        """ENTER, in each field."""
        return {str(field.extended_properties["name"]): "" for field in asked[-1]}


def consenting() -> PSHost:
    """A host whose user agrees to everything."""
    culture = CultureInfo()  # type: ignore[no-untyped-call]
    return PSHost(culture, culture, False, "restamp", None, Consent(), _VERSION)


def _label(choice: Any) -> str:
    """`yes` of a choice whose label is `&Yes`."""
    properties = choice.adapted_properties | choice.extended_properties
    return str(properties.get("label") or properties.get("Label") or "").replace("&", "").lower()
