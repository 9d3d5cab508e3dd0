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
    needs: "Mapping[str, Any] | None" = None  # resources with a `result`
    later: Sequence[str] = ()
    withheld: str = ""  # what `restamp up --grant` names: access that is not given before that


class Common(TypedDict, total=False):
    """What every typed resource takes beside its document: `at` and Pulumi's own options."""

    at: In
    on_destroy: OnDestroy
    opts: pulumi.ResourceOptions | None


class DocumentResource(Resource, module="restamp", name="Document"):
    """One document of any kind; the typed classes below it are what programs use."""

    document: pulumi.Output[Mapping[str, Any]]
    status: pulumi.Output[str]  # done, waiting, blocked, failed, drifted
    result: pulumi.Output[str]  # the status with its reason; once done, for which recovery

    def __init__(
        self,
        name: str,
        document: Mapping[str, Any],
        *,
        kind: str,
        inside: tuple[str, str] = ("", ""),
        at: In | None = None,
        on_destroy: OnDestroy = "retain",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`document` has the kind's own keys, in Azure's spelling; what is None is left out.

        `inside` is the subscription it stands in, and the directory whose principal signs in there.
        """
        at = at or In()
        needs = at.needs or {}
        # what needs others is behind their gate by them: they are done for this recovery, or it does not begin
        wiring = {"needs": sorted(needs), "results": {key: need.result for key, need in needs.items()}} if needs else {}
        props: dict[str, Any] = {
            "kind": kind,
            "stamp": at.stamp or configured("stamp"),
            "recovery": at.recovery or configured("recovery"),
            "target": at.target,
            "subscription": inside[0],
            "directory": inside[1],
            "later": list(at.later),
            "withheld": at.withheld,
        }
        given = {key: value for key, value in props.items() if value}  # each property costs the SDK time
        given["document"] = {key: value for key, value in document.items() if not _says_nothing(value)}
        outputs = dict.fromkeys(("status", "result"))
        # nothing is ever deleted from a stamp unless its document says so
        options = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(retain_on_delete=on_destroy == "retain"), opts)
        super().__init__(DocumentProvider(), name, given | (wiring or behind(at.after)) | outputs, options)


def _says_nothing(value: Any) -> bool:
    """Left out, or an empty container, which is the same; an empty text is something a stamp remembers."""
    return value is None or (isinstance(value, dict | list | tuple) and not value)


def configured(key: str, default: str = "") -> str:
    """A setting of the program: RESTAMP_<KEY>, else the stack's config `restamp:<key>`, else the default."""
    return os.environ.get(f"RESTAMP_{key.upper()}") or pulumi.Config("restamp").get(key) or default
