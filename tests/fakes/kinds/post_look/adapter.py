"""A channel of the fake provider with the resend policy `LOOK_FIRST`."""

from typing import ClassVar

from hub.channels.contract import Capabilities, Resend
from tests.fakes.post import CAPABILITIES, PostAdapter, with_resend


class PostLookAdapter(PostAdapter):
    """The fake provider's adapter."""

    kind: ClassVar[str] = "post_look"
    capabilities: ClassVar[Capabilities] = with_resend(CAPABILITIES, Resend.LOOK_FIRST)
