"""Conversations for a page to show: written by customers, and answered by agents."""

from collections.abc import Callable

from tests.web.mailbox import Post
from tests.web.mailbox import wait_until

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
CUSTOMERS = (
    ("Walter Becker", "Ein sehr langes Wort", f"Hier ist es: {LONG}\nhttps://shop.example/{LONG}"),
    ("مريم الحسن", "سؤال عن الطلب", "مرحبا، أين طلبي رقم 48213؟"),
    ("Nguyễn Thị Hạnh", LONG, "The subject is too long."),
    ("Inés Ñúñez", "Café 🙂 y azúcar", "> cited\n\nGracias, ¿y el *azúcar*?"),
    ("Bob", "", "No subject at all."),
)


def fill(post: Post, arrived: Callable[[], int]) -> None:
    """Have each customer write once, and wait until `arrived()` counts them all."""
    for number, (name, subject, text) in enumerate(CUSTOMERS):
        post.write(text, subject=subject, sender=f'"{name}" <guest-{number}@customers.test>')
    wait_until(lambda: arrived() >= len(CUSTOMERS), "every customer's mail in the inbox")
