"""Where sealed values stand in files, what each is bound to, and how its ciphertexts are replaced."""

from pathlib import Path

import pytest

from restamp.models.finding import Finding, Position
from restamp.secrets.places import identity_of, places, rewritten

from .keys import HERE, PLAIN, seals


@pytest.mark.parametrize(
    ("document", "path", "identity"),
    [
        ({"kind": "Subscription", "id": "C66C"}, ("secrets", "app/Erp-KV/pw", "value"), "c66c/erp-kv/pw"),
        ({"kind": "Subscription", "id": "C66C"}, ("secrets", "erp-kv/pw", "value"), None),
        ({"kind": "Subscription", "id": "C66C"}, ("vaults", "app/erp-kv/pw", "value"), None),
        ({"kind": "Subscription"}, ("secrets", "app/erp-kv/pw", "value"), None),
        ({"kind": "BackupLocation", "region": "Redmond"}, ("password",), "backup/redmond/password"),
        ({"kind": "BackupLocation", "name": "redmond"}, ("password",), "backup/redmond/password"),
        ({"kind": "SealedFile", "name": "app"}, ("value",), "file/app"),
        ({"kind": "Stamp", "region": "r", "domain": "d.e"}, ("captureKey",), "capture-key/r.d.e"),
        ({"kind": "Stamp", "region": "r", "domain": "d.e"}, ("other",), None),
        ({"kind": "Plan", "name": "gold"}, ("password",), None),
        ({}, ("password",), None),
    ],
)
def test_what_a_value_is_bound_to_follows_from_where_it_stands(
    document: dict[str, str], path: tuple[str, ...], identity: str | None
) -> None:
    """One rule a kind; where none fits there is no identity, and a plugin adds a rule of its own."""
    assert identity_of(document, path) == identity
    assert identity_of(document, path, {str(document.get("kind")): lambda _document, path: "/".join(path)}) == (
        "/".join(path).lower()
    )


def test_every_sealed_value_of_a_document_is_found(tmp_path: Path) -> None:
    """Deep in maps and lists; what has no rule is told with its place; `unmodelled` and look-alikes are left alone."""
    value = seals(tmp_path, "ann").seal(HERE, PLAIN)
    given = {"seen": value.seen, "sealed": list(value.sealed)}
    document = {
        "kind": "Subscription",
        "id": HERE.partition("/")[0],
        "secrets": {"app/erp-kv/db-password": {"value": given}, "app/erp-kv/odd": {"value": given | {"more": "x"}}},
        "tags": {"seen": "yes", "sealed": "no"},
        "list": [{"deep": given}],
        "unmodelled": {"x": given},
    }
    found: list[Finding] = []
    placed = list(places(document, lambda path: Position("f.yaml", len(path)), found))

    assert [(place.identity, place.field, place.value) for place in placed] == [
        (HERE, "secrets.app/erp-kv/db-password", value)
    ]
    assert [str(finding) for finding in found] == [
        "f.yaml:4: secrets.app/erp-kv/odd.value.more: Extra inputs are not permitted",
        "f.yaml:3: list.0.deep: a Subscription has no sealed value here",
    ]


@pytest.mark.parametrize("end", ["\n", ""])
def test_lists_of_ciphertexts_are_replaced_wherever_they_stand(end: str) -> None:
    """Longer or shorter, quoted or not, at the end of a file without a line end: nothing else moves."""
    before = "a:\n  sealed:\n  - 'x1'\n  -  x2  \nb: x1 # x1\nc:\n- y1" + end
    changes = {("x1", "x2"): ("n1",), ("y1",): ("m1", "m2")}

    assert rewritten(before, changes) == "a:\n  sealed:\n  - n1\nb: x1 # x1\nc:\n- m1\n- m2" + end
    assert rewritten(before, {}) == before
    for odd in ("sealed: [x1, x2]\n", "- x1\n# why\n- x2\n", "- x1\n", "- x2\n- x1\n", ""):
        with pytest.raises(ValueError, match="one item a line"):
            rewritten(odd, {("x1", "x2"): ("n1",)})
