"""Errors of deliveries, and the reasons why a message was not sent."""

from hub.channels.send_errors import Doubtful, Notice, Rejected, Unreachable
from hub.errors import CodedText, Conflict, NotFound, Reason


class DeliveryNotFound(NotFound):
    """This delivery does not exist, or you do not have access to it."""


class DeliveryNotRepeatable(Conflict):
    """This message cannot be sent again: its state is {state}. Reload the list."""

    state: str


class DeliveryNotDoubtful(Conflict):
    """This message is not doubtful any more: its state is {state}. Reload the list."""

    state: str


class HubStoppedWhileSending(Doubtful):
    """The hub stopped while it was sending this. Check with the customer whether it arrived."""


class ProviderSilent(Doubtful):
    """The provider did not answer in time. Check with the customer whether the message arrived."""


class SendingBrokeOff(Doubtful):
    """Sending broke off ({problem}). Check with the customer whether the message arrived."""

    problem: str


class GivenUpAfterDays(Rejected):
    """Given up after {days} days: {cause}"""

    days: int
    cause: CodedText


class GivenUpAfterAttempts(Rejected):
    """Given up after {attempts} attempts: {cause}"""

    attempts: int
    cause: CodedText


class ChannelRemoved(Rejected):
    """The channel was removed before this could be sent. Reply on another channel."""


class ReportedByProvider(Rejected):
    """The customer's provider reports: {said}"""

    said: str


class ReportedNotSent(Rejected):
    """A colleague found that this was not sent. Send it again if it is still needed."""


class FirstPartSent(Notice):
    """The first part was sent; the rest follows."""


class ChannelFails(Unreachable, abstract=True):
    """A channel fails in one direction."""


class SendingFails(ChannelFails):
    """Sending: {cause}"""

    cause: Reason


class ReceivingFails(ChannelFails):
    """Receiving: {cause}"""

    cause: Reason
