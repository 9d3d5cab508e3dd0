"""Every hook of restamp, typed, in the order a recovery calls them: the whole extension manual.

A plugin is a module of functions marked `@hookimpl`, named in the entry-point group `restamp`.
"""

from collections.abc import Iterable
from typing import Any

import pluggy

from restamp.kind import Kind

GROUP = "restamp"
hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@hookspec
def kinds() -> Iterable[Kind[Any]]:  # type: ignore[empty-body]
    """The kinds of documents this plugin owns; a name or folder that another plugin owns is refused, naming both."""
