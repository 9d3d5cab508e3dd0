"""What one customer has inside a subscription: a group, who may do what, a policy, a lock, a vault with a secret.

Which stamp: `pulumi config set restamp:stamp redmond.azure.contoso.com`, or RESTAMP_STAMP. restamp's application needs
the role Owner in the subscription: until its owner has given it, everything inside is `failed`; each `up` tries again.
"""

from pathlib import Path

import yaml
from pulumi import Config

from restamp.resources import (
    Gate,
    In,
    Lock,
    Offer,
    Plan,
    PolicyAssignment,
    PolicyDefinition,
    Registration,
    ResourceGroup,
    RoleAssignment,
    Secret,
    Subscription,
    Vault,
)

TAILSPIN = "7d1e4a52-90c3-4b1f-8a6e-2f5b9c0d3e14"  # the subscription's id: yours to choose, and kept for ever
DIRECTORY = "0a9c9a9e-54a5-4ee9-8eb9-3b1ad1f0d2a7"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"  # a built-in role has the same guid everywhere
deployer = Config().require("deployer")  # an object id; a SID with AD FS

hub_group = ResourceGroup("tailspin-rg", name="tailspin-rg")
plan = Plan(
    "tailspin-rg/tailspin",
    name="tailspin",
    group="tailspin-rg",
    display_name="Tailspin",
    quotas=["Microsoft.KeyVault.Admin/Unlimited"],
    at=In(needs={"the hub's group": hub_group}),
)
offer = Offer(
    "tailspin-rg/tailspin",
    name="tailspin",
    group="tailspin-rg",
    display_name="Tailspin",
    state="Private",
    base_plans=["tailspin-rg/tailspin"],
    at=In(needs={"the plan": plan}),
)
subscription = Subscription(
    "tailspin",
    id=TAILSPIN,
    display_name="Tailspin",
    owner="ops@tailspin.example",
    tenant=DIRECTORY,
    offer="tailspin-rg/tailspin",
    at=In(needs={"the offer": offer}),
)

# From here on with `subscription`: the objects are inside of it. Without it a ResourceGroup is the hub's own.
in_it = In(needs={"the subscription": subscription})
key_vault = Registration("key vault", subscription=TAILSPIN, name="Microsoft.KeyVault", at=in_it)
group = ResourceGroup("app", subscription=TAILSPIN, name="app", tags={"env": "prod"}, at=in_it)

role = RoleAssignment(
    "the deployer reads app",
    subscription=TAILSPIN,
    scope="resourceGroups/app",
    name="3b0c7a2e-5d41-4f6a-9a0e-71c2d8e4b915",
    role=READER,
    principal=deployer,
    at=In(needs={"the group": group}),
)

rule = PolicyDefinition(
    "no public addresses",
    subscription=TAILSPIN,
    name="no-public-addresses",
    display_name="No public addresses",
    mode="All",
    policy_rule={
        "if": {"field": "type", "in": ["Microsoft.Network/publicIPAddresses"]},
        "then": {"effect": "deny"},
    },
    at=in_it,
)
in_force = PolicyAssignment(
    "no public addresses in app",
    subscription=TAILSPIN,
    scope="resourceGroups/app",
    name="no-public-addresses",
    definition="no-public-addresses",
    at=In(needs={"the rule": rule, "the group": group}),
)

vault = Vault(
    "tailspin-kv",
    subscription=TAILSPIN,
    group="app",
    name="tailspin-kv",
    tenant=DIRECTORY,
    access_policies={deployer: {"secrets": ["get", "list"]}},
    at=In(needs={"the namespace": key_vault, "the group": group}),
)
# `{seen, sealed}`, as a runbook has it: opened when it is written, nowhere else. `restamp:runbook` names that runbook.
secret = Secret(
    "tailspin-kv/db-password",
    subscription=TAILSPIN,
    group="app",
    vault="tailspin-kv",
    name="db-password",
    value=yaml.safe_load(Path("db-password.yaml").read_text()),
    at=In(needs={"the vault": vault}),
)

lock = Lock(
    "keep app",
    subscription=TAILSPIN,
    scope="resourceGroups/app",
    name="keep",
    level="CanNotDelete",
    notes="ask the app team",
    at=In(needs={"the vault": vault}),
)

made = {"subscription": subscription, "group": group, "role": role, "policy": in_force, "vault": vault}
made |= {"secret": secret, "lock": lock}
Gate("all done", results={name: resource.result for name, resource in made.items()}, recovery="")
