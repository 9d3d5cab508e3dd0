"""Microsoft.KeyVault: the vaults of tenants in Resource Manager. Documented; no recording covers them."""

import re
from typing import Any

from .addresses import last
from .guards import group_exists
from .messages import refuse
from .registrations import check_registered
from .rules import READ_WRITE, Call, Rule
from .scopes import VAULTS
from .state import State
from .store import Wire

NAMESPACE = "Microsoft.KeyVault"
NAME = re.compile(r"[a-z](?!.*--)[a-z0-9-]{1,22}[a-z0-9]", re.IGNORECASE)
FLAGS = ("enabledForDeployment", "enabledForDiskEncryption", "enabledForTemplateDeployment")
SECRETS = ("keys", "secrets", "certificates", "storage")
PREFIX = "/vault/"  # what is in vaults is kept beside the objects, never shown among them


def named(state: State, name: str) -> Wire | None:
    """Return the vault with this name, of whatever subscription."""
    return next((body for _, body in state.store.by(VAULTS, name)), None)


def check_name(call: Call, old: Wire | None, _new: Wire) -> None:
    """Refuse a name that cannot be, and one that another vault of the stamp has."""
    if old is not None:
        return
    if not NAME.fullmatch(call.address.name):
        raise refuse(400, "VaultNameNotValid", f"The vault name '{call.address.name}' is invalid.")
    if named(call.state, call.address.name) is not None:
        raise refuse(409, "VaultAlreadyExists", f"The vault name '{call.address.name}' is already in use.")


def check_properties(call: Call, _old: Wire | None, new: Wire) -> None:
    """Refuse a vault without SKU, directory or access policies; say where it is."""
    properties = new["properties"]
    sku, policies = properties.get("sku"), properties.get("accessPolicies")
    if not isinstance(sku, dict) or str(sku.get("name", "")).lower() not in {"standard", "premium"}:
        raise _bad("The parameter 'sku' has an invalid value.")
    if not isinstance(properties.get("tenantId"), str) or not properties["tenantId"]:
        raise _bad("The parameter 'tenantId' has an invalid value.")
    if not isinstance(policies, list) or not all(_is_policy(each) for each in policies):
        raise _bad("An invalid value was provided for 'accessPolicies'.")
    properties.pop("createMode", None)
    properties["vaultUri"] = f"https://{last(new['id'])}.vault.{call.state.home}/"


def _bad(text: str) -> Exception:
    return refuse(400, "BadRequest", text)


def _is_policy(each: Any) -> bool:
    if not isinstance(each, dict) or not isinstance(each.get("permissions"), dict):
        return False
    texts = all(isinstance(each.get(name), str) for name in ("tenantId", "objectId"))
    return texts and all(isinstance(each["permissions"].get(kind) or [], list) for kind in SECRETS)


def emptied(call: Call, old: Wire | None, _new: Wire) -> None:
    """A vault takes with it what is in it."""
    empty(call.state, last(str((old or {}).get("id"))))


def empty(state: State, vault: str) -> None:
    """Forget everything in a vault."""
    for key, _ in state.store.inside(f"{PREFIX}{vault}/".lower()):
        state.store.delete(key)


def take(state: State, below: str) -> None:
    """Forget everything in a group or a subscription, given by its id; vaults with what is in them."""
    for key, _ in state.store.inside(below.lower() + "/"):
        state.store.delete(key)
        if "/providers/microsoft.keyvault/vaults/" in key:
            empty(state, last(key))


RULES = (
    Rule(
        namespace=NAMESPACE,
        types="vaults",
        versions=("2015-06-01", "2016-10-01", "2019-09-01"),
        source="documented",
        plane="tenant",
        methods=READ_WRITE,
        tags=True,
        defaults=dict.fromkeys(FLAGS, False),
        fields=dict.fromkeys(FLAGS, bool),
        before_put=(check_registered, group_exists, check_name, check_properties),
        after_delete=(emptied,),
        assumed=(
            "Vaults: what a PUT has to have; a name taken on the stamp is 409 VaultAlreadyExists; deleting one takes"
            " its secrets with it, for good; object ids in access policies are not looked up; access policies cannot"
            " be written by themselves.",
        ),
    ),
)
