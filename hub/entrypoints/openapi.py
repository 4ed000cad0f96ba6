"""The OpenAPI document, with the frames of the websockets and the errors beside what the HTTP operations use."""

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
SPOKEN = {
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
        """Render the document; a component that an operation uses already stays as Litestar describes it."""
        document = super().to_schema()
        unions, parts = json.schema_components(SPOKEN.values(), ref_template="#/components/schemas/{name}")
        known = document["components"]["schemas"]
        spoken = {**parts, **dict(zip(SPOKEN, unions, strict=True))}
        document["components"]["schemas"] = {**spoken, **known, **error_codes.schemas()}
        return document


class DocumentConfig(OpenAPIConfig):
    """Litestar's configuration, building the document above."""

    def to_openapi_schema(self) -> OpenAPI:
        """Make the document that Litestar then fills with the operations."""
        made = super().to_openapi_schema()
        return Document(**{name: getattr(made, name) for name in made.__dataclass_fields__})
