"""Update.Admin: the one location, which says what versions the stamp has."""

from .rules import Rule

RULES = (
    Rule(
        namespace="Microsoft.Update.Admin",
        types="updateLocations",
        versions=("2021-07-01",),
        source="recorded",
        headers={"server": "Microsoft-HTTPAPI/2.0"},
        assumed=("Update: nothing but its location is there; its versions are made up.",),
    ),
)
