"""Demo data: a believable shop's history, marked, and gone with one command."""

from sqlalchemy import select

from hub.ground import Ground
from hub.timeline.models import Contact


async def is_empty(ground: Ground) -> bool:
    """Tell whether no customer has ever written."""
    async with ground.transaction() as session:
        return await session.scalar(select(Contact.id).limit(1)) is None


async def is_present(ground: Ground) -> bool:
    """Tell whether there is demo data."""
    async with ground.transaction() as session:
        return await session.scalar(select(Contact.id).where(Contact.demo).limit(1)) is not None


async def fill(ground: Ground) -> None:
    """Fill in a shop's history."""


async def clear(ground: Ground) -> None:
    """Take all demo data away."""
