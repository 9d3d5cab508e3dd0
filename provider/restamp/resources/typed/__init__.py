"""One typed resource for each kind restamp brings along, for anybody's Pulumi program.

References are full here: `compute/small` for a quota, `<group>/<name>` for a plan or an offer. What is inside a
subscription takes `subscription`, its id, and `directory`, whose principal signs in where it is not everybody's.
Type tokens, names and ids are a file format: docs/decisions/0003-what-is-frozen.md.
"""

from restamp.resources.typed.authorization import (
    Lock,
    Permission,
    PolicyAssignment,
    PolicyDefinition,
    RoleAssignment,
    RoleDefinition,
)
from restamp.resources.typed.delegation import AcquiredPlan, DelegatedOffer, DirectoryTenant, OfferDelegation
from restamp.resources.typed.groups import Registration, ResourceGroup
from restamp.resources.typed.keyvault import AccessPolicy, Sealed, Secret, Vault
from restamp.resources.typed.offers import Offer, Plan, Subscription
from restamp.resources.typed.quotas import ComputeQuota, NetworkQuota, RegistryQuota, StorageQuota
from restamp.resources.typed.settings import BackupLocation, ComputeFeature, RegistryConfiguration, StorageSettings

__all__ = [
    "AccessPolicy",
    "AcquiredPlan",
    "BackupLocation",
    "ComputeFeature",
    "ComputeQuota",
    "DelegatedOffer",
    "DirectoryTenant",
    "Lock",
    "NetworkQuota",
    "Offer",
    "OfferDelegation",
    "Permission",
    "Plan",
    "PolicyAssignment",
    "PolicyDefinition",
    "Registration",
    "RegistryConfiguration",
    "RegistryQuota",
    "ResourceGroup",
    "RoleAssignment",
    "RoleDefinition",
    "Sealed",
    "Secret",
    "StorageQuota",
    "StorageSettings",
    "Subscription",
    "Vault",
]
