"""Describe the HTTP interface: the command `hub openapi`."""

import json

from litestar.serialization import encode_json

from hub.entrypoints.app import described


def document() -> str:
    """Return the OpenAPI document as JSON with sorted keys: the same interface gives the same bytes."""
    schema = json.loads(encode_json(described().to_schema()))
    return json.dumps(schema, sort_keys=True, ensure_ascii=False) + "\n"
