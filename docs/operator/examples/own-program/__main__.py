"""A new service for one customer: its group, its quota, a plan, an offer and a subscription.

Which stamp: `pulumi config set restamp:stamp redmond.azure.contoso.com`, or RESTAMP_STAMP.
"""

from pulumi import ResourceOptions

from restamp.resources import ComputeQuota, Gate, In, Offer, Plan, ResourceGroup, Subscription

group = ResourceGroup("fabrikam-rg", name="fabrikam-rg", tags={"team": "hub"})

quota = ComputeQuota(
    "compute/fabrikam",
    name="fabrikam",
    cores_limit=40,
    virtual_machine_count=10,
    availability_set_count=5,
    max_allocation_standard_managed_disks_and_snapshots=2048,
    max_allocation_premium_managed_disks_and_snapshots=1024,
)

# `needs`: not written, and `blocked`, unless these are done. `depends_on` would give the order alone.
plan = Plan(
    "fabrikam-rg/fabrikam",
    name="fabrikam",
    group="fabrikam-rg",
    display_name="Fabrikam",
    quotas=["compute/fabrikam", "Microsoft.KeyVault.Admin/Unlimited"],
    at=In(needs={"the group": group, "the quota": quota}),
)

offer = Offer(
    "fabrikam-rg/fabrikam",
    name="fabrikam",
    group="fabrikam-rg",
    display_name="Fabrikam",
    state="Private",
    base_plans=["fabrikam-rg/fabrikam"],
    at=In(needs={"the plan": plan}),
)

subscription = Subscription(
    "fabrikam",
    id="0f6b1c1e-6a2b-4f0e-9d53-7c3f5f0b9a10",
    display_name="Fabrikam",
    owner="ops@fabrikam.example",
    tenant="0a9c9a9e-54a5-4ee9-8eb9-3b1ad1f0d2a7",
    offer="fabrikam-rg/fabrikam",
    at=In(needs={"the offer": offer}),
    opts=ResourceOptions(protect=True),
)

# An object that fails is data (`status`), not an error. The gate makes `pulumi up` fail, and names the cause.
made = {"group": group, "quota": quota, "plan": plan, "offer": offer, "subscription": subscription}
Gate("all done", results={name: resource.result for name, resource in made.items()}, recovery="")
