"""A channel of the fake provider with the resend policy `ASK`."""

from typing import ClassVar

from hub.channels.contract import Capabilities, Resend
from tests.fakes.post import CAPABILITIES, PostAdapter, with_resend


class PostAskAdapter(PostAdapter):
    """The fake provider's adapter."""

    kind: ClassVar[str] = "post_ask"
    capabilities: ClassVar[Capabilities] = with_resend(CAPABILITIES, Resend.ASK)
