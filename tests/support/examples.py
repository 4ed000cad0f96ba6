"""Request bodies made from the interface description, so that a new endpoint needs no example by hand."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hub.storage.database import new_id, now

Schema = Mapping[str, Any]


def example(schemas: Mapping[str, Schema], name: str, ids: Mapping[str, str]) -> dict[str, object]:
    """Return a valid body of the schema `name`: its required properties, with `ids` for the properties named there."""
    schema = schemas[name]
    return {
        field: ids.get(field) or _value(schemas, described, ids)
        for field, described in schema["properties"].items()
        if field in schema.get("required", ())
    }


def _value(schemas: Mapping[str, Schema], schema: Schema, ids: Mapping[str, str]) -> object:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return schemas[name]["enum"][0] if "enum" in schemas[name] else example(schemas, name, ids)
    if "enum" in schema:
        return schema["enum"][0]
    if "oneOf" in schema:
        return _value(schemas, schema["oneOf"][0], ids)
    by_type: dict[str, object] = {"boolean": False, "integer": schema.get("minimum", 1), "array": [], "object": {}}
    return by_type.get(schema.get("type", ""), _text(schema.get("format")))


def _text(form: str | None) -> str:
    if form == "uuid":
        return str(new_id())
    return (now() + timedelta(hours=1)).isoformat() if form == "date-time" else "example"
