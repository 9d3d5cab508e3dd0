"""`registrations.json`: which repositories a cloud recovery cannot do without.

That the file is there, and the names of its fields, are from the strings in Microsoft's assemblies; how they stand in
it is assumed: a list of objects, names in any case. A file that is otherwise is said not to be understood, no more.
"""

import json
from collections.abc import Iterator
from typing import Any

from restamp.backup.share import Entry, Share, small
from restamp.errors import Unreadable
from restamp.models.finding import Finding

NAME = "registrations.json"
_LARGEST = 16 * 1024 * 1024
_PARTS = ("rolename", "componentname", "partitionid", "repositoryname")


def essential(share: Share, entry: Entry) -> frozenset[str] | Finding:
    """The repositories that are essential for cloud recovery, or what is wrong with the file."""
    try:
        return frozenset(_essential(json.loads(small(share, entry, _LARGEST).decode("utf-8-sig"))))
    except Unreadable as error:
        reason = error.reason
    except (ValueError, TypeError, AttributeError, RecursionError):
        reason = "is not understood: which repositories are essential is not known"
    hint = "A repository that is missing is then told by what other backups have, and by the stamp's word."
    return Finding("registrations", "note", entry.path, reason, hint)


def _essential(registered: list[dict[str, Any]]) -> Iterator[str]:
    for item in registered:
        fields = {name.lower(): value for name, value in item.items()}
        if fields.get("essentialforcloudrecovery") is True:
            yield ";".join(fields.get(part) or "-" for part in _PARTS)
