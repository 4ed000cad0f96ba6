"""Mails for benchmarks: new ones and replies in threads, deterministic by seed; or from an existing folder."""

import json
import random
from datetime import UTC, datetime, timedelta
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

NAMES = [
    "Anna Bakker",
    "José Castillo",
    "Chloé Dubois",
    "Søren Eriksson",
    "Tomás García",
    "Zoë Ünal",
    "Wen Xu",
    "Omar Okafor",
    "Petra Novak",
]
TOPICS = [
    "Order not delivered",
    "Cannot sign in",
    "Refund for invoice",
    "Wrong item received",
    "Charged twice",
    "Change of address",
]
SAID = (
    "I ordered this on Monday and the tracking page has not moved since.",
    "Could you please tell me when I can expect it to arrive?",
    "The error says that my session has expired, even right after I sign in.",
    "I would rather have a refund than a replacement, if that is possible.",
    "Für die schnelle Hilfe wäre ich sehr dankbar.",
    "Merci d'avance pour votre réponse, c'est assez urgent.",
    "The amount on the invoice does not match what your colleague told me.",
    "It worked until the last update and now the light stays red.",
    "Thanks a lot for looking into it.",
)
START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def read(folder: Path) -> tuple[list[bytes], list[int], int]:
    """Read a folder with new/*.eml, reply/*.eml and index.json {"reply_to": [number of the new mail]}."""
    new = [path.read_bytes() for path in sorted((folder / "new").iterdir())]
    answers = [path.read_bytes() for path in sorted((folder / "reply").iterdir())]
    return new + answers, json.loads((folder / "index.json").read_text())["reply_to"], len(new)


def make(count: int, seed: int) -> tuple[list[bytes], list[int], int]:
    """Return this many new mails, then as many replies; for each reply the number of the mail it belongs to."""
    rng = random.Random(seed)
    bodies, threads, answers_to = [], [], []
    for n in range(count):
        name = rng.choice(NAMES)
        person = (name, f"c{rng.randrange(400):04d}@customers.example")
        id_ = f"<n{seed}.{n}.{rng.getrandbits(64):x}@customers.example>"
        text, raw = _mail(rng, person, f"{rng.choice(TOPICS)} ({seed}-{n})", id_, [], n, None)
        bodies.append(raw)
        threads.append((person, f"Topic {seed}-{n}", [id_], text))
    hot = rng.sample(range(count), max(1, count // 2))
    for n in range(count):
        first = rng.choice(hot)
        person, subject, chain, said = threads[first]
        id_ = f"<r{seed}.{n}.{rng.getrandbits(64):x}@customers.example>"
        _, raw = _mail(rng, person, f"Re: {subject}", id_, chain[-8:], count + n, said[:1200])
        chain.append(id_)
        bodies.append(raw)
        answers_to.append(first)
    return bodies, answers_to, count


def _mail(
    rng: random.Random,
    person: tuple[str, str],
    subject: str,
    id_: str,
    chain: list[str],
    n: int,
    quoted: str | None,
) -> tuple[str, bytes]:
    at = START + timedelta(seconds=n)
    mail = EmailMessage(policy=policy.SMTP)
    local, domain = person[1].split("@")
    mail["From"], mail["To"] = Address(person[0], local, domain), "support@support.example"
    mail["Subject"], mail["Date"], mail["Message-ID"] = subject, format_datetime(at), id_
    if chain:
        mail["In-Reply-To"], mail["References"] = chain[-1], " ".join(chain)
    said = "\n".join(rng.sample(SAID, rng.randint(3, 8)))
    text = f"Hello,\n\n{said}\n\nKind regards,\n{person[0]}\n-- \n{person[0]}\nSent from my phone\n"
    if quoted:
        text += f"\nOn {format_datetime(at)}, Support <support@support.example> wrote:\n"
        text += "\n".join("> " + line for line in quoted.split("\n")) + "\n"
    mail.set_content(text, cte="quoted-printable" if rng.random() < 0.7 else "base64")
    draw = rng.random()
    if draw < 0.4:
        html = "".join(f'<p style="margin:0 0 10px 0">{line}</p>' for line in said.split("\n"))
        mail.add_alternative(f"<html><body><p>Hello,</p>{html}</body></html>", subtype="html", cte="quoted-printable")
    if draw > 0.9:
        mail.add_attachment(rng.randbytes(5500), maintype="image", subtype="png", filename="photo.png")
    return text, mail.as_bytes()
