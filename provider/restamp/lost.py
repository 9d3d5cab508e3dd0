"""What a vault has and no API gives out, keys and certificates: told by name, so that nobody learns it too late."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from restamp.inside import Contents
from restamp.kinds.keyvault import VAULT, Vault
from restamp.models.document import Document, in_set_order
from restamp.models.finding import Finding

if TYPE_CHECKING:
    from restamp.arm.inside import Inside

Ways = Sequence[tuple["Inside", Contents]]
_SHOWN = 5


def told(ways: Ways, parallel: int) -> list[Finding]:
    """Every vault that could be read, with `lost` in it; what each loses, and whose lists nobody lets us see.

    Two requests a vault, `parallel` of them at once.
    """
    vaults = [(way, seen, key) for way, seen in ways for key in seen.found if _is_read(seen, key)]
    with ThreadPoolExecutor(parallel) as pool:
        listed = list(pool.map(lambda item: item[0].unexportable(item[2][1].rpartition("/")[2]), vaults))
    findings: list[Finding] = []
    unknown: list[Vault] = []
    for (_, seen, key), names in zip(vaults, listed, strict=True):
        found = seen.found[key]
        document = found.document.model_copy(update={"lost": tuple(in_set_order(names or ()))})
        seen.found[key] = replace(found, document=document)
        findings += notes([document])
        unknown += [document] if names is None else []
    return findings + ([_unknown(unknown)] if unknown else [])


def notes(documents: Iterable[Document]) -> Iterator[Finding]:
    """What a rebuild loses of these, vault by vault."""
    for item in documents:
        if isinstance(item, Vault) and item.lost:
            more = f" and {len(item.lost) - _SHOWN} more" if len(item.lost) > _SHOWN else ""
            message = f"no API gives out what a rebuild loses: {', '.join(item.lost[:_SHOWN])}{more}"
            hint = "Its owner has to have them elsewhere, and to import them again."
            yield Finding("lost", "note", _about(item), message, hint)


def _is_read(seen: Contents, key: tuple[str, str]) -> bool:
    document = seen.found[key].document
    return isinstance(document, Vault) and VAULT.resource_id(document, seen.place).lower() not in seen.unread


def _unknown(vaults: Sequence[Vault]) -> Finding:
    """One finding for all: most vaults let nobody list them who was not asked for."""
    named = ", ".join(VAULT.ref(vault) for vault in vaults[:_SHOWN])
    more = f" and {len(vaults) - _SHOWN} more" if len(vaults) > _SHOWN else ""
    message = (
        f"not covered: keys and certificates of {named}{more} may not be listed, so what a rebuild loses is unknown"
    )
    hint = "An access policy with list for keys and certificates lets restamp name them."
    return Finding("not-covered", "note", f"{len(vaults)} vaults", message, hint)


def _about(document: Vault) -> str:
    return f"Vault {VAULT.ref(document)}"
