"""What the engine costs by itself: a provider that does nothing, under resources of our shape and size."""

from typing import Any

from pulumi import ResourceOptions
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult


class NothingProvider(ResourceProvider):
    """Does nothing, and says that nothing differs."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["name"], props | {"status": "done"})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=False)

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(news)


class Nothing(Resource, module="noop", name="Nothing"):
    """One resource that is nothing."""

    def __init__(self, name: str, opts: ResourceOptions, **fields: Any) -> None:
        super().__init__(NothingProvider(), name, {"name": name, **fields, "status": None}, opts)
