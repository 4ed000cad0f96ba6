"""A provider's channel whose doubtful messages are: ask."""

from typing import ClassVar

from hub.channels.contract import Capabilities, Resend
from tests.fakes.post import CAPABILITIES, PostAdapter, with_resend


class PostAskAdapter(PostAdapter):
    """The fake provider's adapter."""

    kind: ClassVar[str] = "post_ask"
    capabilities: ClassVar[Capabilities] = with_resend(CAPABILITIES, Resend.ASK)
