"""What every document resource is: one object of a stamp, with a status that is data."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import pulumi
from pulumi.dynamic import Resource

from restamp.resources.gate import Gate, behind
from restamp.resources.provider import DocumentProvider

OnDestroy = Literal["retain", "delete"]


@dataclass(frozen=True)
class In:
    """Where a resource belongs: its stamp, its recovery, the gate it stands behind and what it needs done first.

    Every field may be left out in a program of one's own: the stamp then comes from the config `restamp:stamp`.
    """

    stamp: str = ""
    recovery: str = ""
    target: str | None = None
    after: Gate | None = None
    needs: "Mapping[str, DocumentResource] | None" = None
    later: Sequence[str] = ()


class Common(TypedDict, total=False):
    """What every typed resource takes beside its document: `at` and Pulumi's own options."""

    at: In
    on_destroy: OnDestroy
    opts: pulumi.ResourceOptions | None


class DocumentResource(Resource, module="restamp", name="Document"):
    """One document of any kind; the typed classes below it are what programs use."""

    document: pulumi.Output[Mapping[str, Any]]
    status: pulumi.Output[str]
    message: pulumi.Output[str]
    result: pulumi.Output[str]
    outcome: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        document: Mapping[str, Any],
        *,
        kind: str,
        at: In | None = None,
        on_destroy: OnDestroy = "retain",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`document` has the kind's own keys, in Azure's spelling; what is None is left out."""
        at = at or In()
        needs = at.needs or {}
        # what needs others is behind their gate by them: they are done for this recovery, or it does not begin
        wiring = {"needs": sorted(needs), "results": {key: need.result for key, need in needs.items()}} if needs else {}
        props: dict[str, Any] = {
            "kind": kind,
            "stamp": at.stamp or configured("stamp"),
            "recovery": at.recovery or configured("recovery"),
            "target": at.target,
            "document": {key: value for key, value in document.items() if value is not None},
            "later": list(at.later),
        }
        outputs = dict.fromkeys(("status", "message", "result", "outcome"))
        # nothing is ever deleted from a stamp unless its document says so
        options = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(retain_on_delete=on_destroy == "retain"), opts)
        super().__init__(DocumentProvider(), name, props | (wiring or behind(at.after)) | outputs, options)


def configured(key: str, default: str = "") -> str:
    """A setting of the program: RESTAMP_<KEY>, else the stack's config `restamp:<key>`, else the default."""
    return os.environ.get(f"RESTAMP_{key.upper()}") or pulumi.Config("restamp").get(key) or default
