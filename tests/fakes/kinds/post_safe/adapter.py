"""A channel of the fake provider with the resend policy `SAFE`."""

from typing import ClassVar

from hub.channels.contract import Capabilities, Resend
from tests.fakes.post import CAPABILITIES, PostAdapter, with_resend


class PostSafeAdapter(PostAdapter):
    """The fake provider's adapter."""

    kind: ClassVar[str] = "post_safe"
    capabilities: ClassVar[Capabilities] = with_resend(CAPABILITIES, Resend.SAFE)
