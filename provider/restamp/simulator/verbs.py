"""GET, list, PUT and DELETE on any rule: the part of a stamp that is the same for all services."""

from dataclasses import replace
from typing import Any

from .addresses import last, parse
from .messages import Response, refuse
from .operations import accepted, noted
from .rules import DELETE, GET, LIST, PUT, Call, deny, spelled
from .scopes import spelled_scope
from .state import guid
from .store import Wire

FORBIDDEN = frozenset("<>%&\\?/")  # in the names of tags


def answer(call: Call, verb: str) -> Response:
    """Return what the call's rule says to `verb`."""
    _check_location(call)
    own = call.rule.answers.get(verb)
    if own is not None:
        return own(call)
    if verb not in call.rule.methods:
        return not_allowed(call)
    return {GET: get, LIST: listed, PUT: put, DELETE: delete}[verb](call)


def not_allowed(call: Call, *methods: str) -> Response:
    """Return the 405 as Update's was recorded, with the methods that are allowed: the rule's own if none is given."""
    text = f"The requested resource does not support http method '{call.request.method}'."
    return Response(405, {"message": text}, {"allow": ", ".join(methods or allowed(call))})


def allowed(call: Call) -> list[str]:
    """Return the HTTP methods that the call's path takes."""
    verbs = set(call.rule.methods) | set(call.rule.answers)
    here = verbs - {LIST} if call.address.is_item else ({GET} if LIST in verbs else set()) | (verbs & {"POST"})
    return sorted(here) or ["GET"]


def get(call: Call) -> Response:
    """Return one object in its stored spelling."""
    found = call.state.store.get(call.address.key)
    if found is None:
        raise deny(call.rule.missing(call))
    return Response(200, found, {"etag": found["etag"]} if call.rule.etag and found.get("etag") else {})


def listed(call: Call) -> Response:
    """Return all objects of the collection; for types in groups also across groups."""
    whole = call.state.store.get(call.address.key)
    if whole is not None:  # a seeded list of things without ids
        return Response(200, whole)
    return wrap(call, [body for _, body in below(call)])


def below(call: Call) -> list[tuple[str, Wire]]:
    """Return the objects of the call's type under its path, with their keys."""
    address = call.address
    if not address.subscription:
        return []
    parent = address.key.rpartition("/providers/")[0] + "/"
    if len(address.types) > 1:
        parent = address.key.rpartition("/")[0] + "/"
    return list(call.state.store.of_type(address.type_key, parent))


def singleton(call: Call) -> Response:
    """Return the one object at a path that has no name of its own."""
    found = next((body for _, body in call.state.store.of_type(call.address.type_key, call.address.key)), None)
    if found is None:
        raise deny(call.rule.missing(call))
    return Response(200, found)


def put_singleton(call: Call) -> Response:
    """Replace the one object at a path that has no name of its own."""
    found = call.state.store.of_type(call.address.type_key, call.address.key)
    at, old = next(found, (f"{call.address.path}/value", None))
    response = put(replace(call, address=parse(at)))
    if old is not None:  # it keeps the form it had
        response.body = {name: value for name, value in response.body.items() if name in old}
        call.state.store.put(at, response.body)
    return response


def wrap(call: Call, objects: list[Wire]) -> Response:
    """Return a list in the rule's form."""
    objects = page(call, objects)
    if call.rule.in_order:
        objects = sorted(objects, key=lambda body: str(body.get("id", "")).rpartition("/")[2].lower())
    bodies: dict[str, Any] = {
        "value": {"value": objects},
        "value-and-null-link": {"value": objects, "nextLink": None},
        "odata": {"@odata.count": len(objects), "value": objects},
        "bare": objects,
    }
    return Response(200, bodies[call.rule.listing])


def page(call: Call, objects: list[Wire]) -> list[Wire]:
    """Return the part of a list that `$skip` and `$top` ask for (assumed)."""
    skip, top = call.request.query.get("$skip", ""), call.request.query.get("$top", "")
    objects = objects[int(skip) :] if skip.isdecimal() and len(skip) < 10 else objects
    return objects[: int(top)] if top.isdecimal() and len(top) < 10 else objects


def put(call: Call) -> Response:
    """Create or replace one object; the stored spelling of its id wins, and a PUT is never refused for being there."""
    old = call.state.store.get(call.address.key)
    new = flat(call, old) if call.rule.flat else enveloped(call, old)
    for guard in call.rule.before_put:
        guard(call, old, new)
    call.state.store.put(call.address.key, new)
    for guard in call.rule.after_put:
        guard(call, old, new)
    response = Response(call.rule.create if old is None else call.rule.update, new)
    return noted(call, response) if call.rule.delete == "operation" else response


def delete(call: Call) -> Response:
    """Delete one object, at once or as an operation."""
    old = call.state.store.get(call.address.key)
    if old is None:
        return Response(204) if call.rule.absent_delete is None else call.rule.absent_delete(call)
    for guard in call.rule.before_delete:
        guard(call, old, old)
    call.state.store.delete(call.address.key)
    for guard in call.rule.after_delete:
        guard(call, old, old)
    return accepted(call) if call.rule.delete == "operation" else Response(200)


def deleted(call: Call) -> Response:
    """Delete one object and return it, as Azure's Microsoft.Authorization does."""
    old = call.state.store.get(call.address.key)
    done = delete(call)
    return done if old is None else replace(done, body=old)


def enveloped(call: Call, old: Wire | None) -> Wire:
    """Return the object that a PUT of `location` and `properties` leaves behind."""
    rule, sent = call.rule, call.sent()
    properties = sent.get("properties", {})
    if not isinstance(properties, dict):
        raise refuse(400, "InvalidRequestContent", "The property 'properties' is not an object.")
    check_fields(call, properties)
    kept = {name: value for name, value in (old or {}).get("properties", {}).items() if name in rule.kept}
    written = {name: value for name, value in properties.items() if name not in rule.kept}
    body: Wire = {"id": (old or {}).get("id") or canonical(call)}
    if rule.name != "none":
        body["name"] = None if rule.name == "null" else (old or {}).get("name") or shown_name(call)
    if rule.shown_type:
        body["type"] = rule.shown_type
    if rule.location:
        body["location"] = (old or {}).get("location") or call.state.region
    if rule.tags:
        body["tags"] = tags_of(sent.get("tags"))
    if rule.etag:
        body["etag"] = f'W/"{guid()}"'
    body["properties"] = {**rule.defaults, **written, **kept, **rule.fixed}
    return body


def tags_of(sent: Any) -> dict[str, str]:
    """Return tags as they were sent; what cannot be a tag is refused (documented: names, counts)."""
    tags = {} if sent is None else sent
    good = isinstance(tags, dict) and all(isinstance(value, str) and len(value) <= 256 for value in tags.values())
    if not good or len(tags) > 50 or any(FORBIDDEN & set(name) or len(name) > 512 for name in tags):
        raise refuse(400, "InvalidTag", "The tags are not valid.")
    return dict(tags)


def flat(call: Call, old: Wire | None) -> Wire:
    """Return the object that a PUT of a flat body leaves behind."""
    rule, sent = call.rule, call.sent()
    check_fields(call, sent)
    kept = {name: value for name, value in (old or {}).items() if name in rule.kept}
    written = {name: value for name, value in sent.items() if name not in rule.kept}
    return {**rule.defaults, **written, **kept, **rule.fixed, "id": (old or {}).get("id") or canonical(call)}


def check_fields(call: Call, sent: Wire) -> None:
    """Refuse numbers and booleans of another type (assumed: 400)."""
    for name, kind in call.rule.fields.items():
        value = sent.get(name)
        if value is None:
            continue
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            text = f"The value of '{name}' is not of the type {kind.__name__}."
            raise refuse(400, "InvalidRequestContent", text)


def canonical(call: Call) -> str:
    """Return the id of a new object: the caller's names in the type's own spelling."""
    if call.rule.extends:
        return f"{spelled_scope(call)}/providers/{call.rule.namespace}/{call.rule.types}/{call.address.name}"
    group = call.address.group and call.state.get(f"{call.root}/resourceGroups/{call.address.group}")
    address = replace(call.address, subscription=last(call.root)) if call.plane == "tenant" else call.address
    return spelled(address, call.rule, call.state.region, group["name"] if group else address.group)


def shown_name(call: Call) -> str:
    """Return the `name` of a new object in the rule's form."""
    if call.rule.name == "located":
        return f"{call.state.region}/{call.address.name}"
    if call.rule.name == "joined":
        return "/".join(call.address.names)
    return call.address.name


def _check_location(call: Call) -> None:
    types = call.rule.types.split("/")
    if types[0] == "locations" and call.address.names and call.rule.namespace.endswith((".Admin", ".Setup")):
        asked = call.address.names[0]
        if asked.lower() != call.state.region.lower():
            raise deny(call.rule.wrong_location(call))
