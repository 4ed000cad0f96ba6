"""The OpenAPI document, including the frames of the websockets and the error codes."""

from typing import Any

from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import OpenAPI
from msgspec import json

from hub.entrypoints import error_codes
from hub.events.definitions import Event
from hub.live.protocol import Command, Frame
from hub.timeline.schemas import Item
from hub.visitors.protocol import FromVisitor, ToVisitor

# OpenAPI has no operations for websockets: these unions, and what they consist of, are published as components.
WEBSOCKET_TYPES = {
    "Command": Command,
    "Event": Event,
    "Frame": Frame,
    "FromVisitor": FromVisitor,
    "Item": Item,
    "ToVisitor": ToVisitor,
}


class Document(OpenAPI):
    """An OpenAPI document whose components include the frames of the websockets and the errors."""

    def to_schema(self) -> dict[str, Any]:
        """Render the document; a component that an HTTP operation also uses keeps Litestar's schema."""
        document = super().to_schema()
        unions, parts = json.schema_components(WEBSOCKET_TYPES.values(), ref_template="#/components/schemas/{name}")
        http_schemas = document["components"]["schemas"]
        websocket_schemas = {**parts, **dict(zip(WEBSOCKET_TYPES, unions, strict=True))}
        document["components"]["schemas"] = {**websocket_schemas, **http_schemas, **error_codes.schemas()}
        return document


class DocumentConfig(OpenAPIConfig):
    """Litestar's configuration, building the document above."""

    def to_openapi_schema(self) -> OpenAPI:
        """Create the document, to which Litestar then adds the operations."""
        generated = super().to_openapi_schema()
        return Document(**{name: getattr(generated, name) for name in generated.__dataclass_fields__})
