"""KeyVault.Admin: quotas, which are built in and can only be listed."""

from .rules import LIST, Rule

NAMESPACE = "Microsoft.KeyVault.Admin"
NULLS = ("plan", "sku", "kind", "tags", "etag", "properties")
BUILT_IN = ("quotas", "Unlimited", None)

RULES = (
    Rule(
        namespace=NAMESPACE,
        types="locations/quotas",
        versions=("2017-02-01-preview",),
        source="recorded",
        methods=frozenset({LIST}),
        name="located",
        listing="value-and-null-link",
        headers={"server": "Microsoft-HTTPAPI/2.0", "x-ms-keyvault-service-version": "1.1.41.0"},
        assumed=("Key Vault quotas: 405 for anything but the list.",),
    ),
)
