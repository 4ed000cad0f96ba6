"""The phrases of the demo shop by language and topic, and the values of their placeholders."""

from collections.abc import Mapping
from functools import lru_cache
from random import Random

from msgspec import Struct, field

from hub.demo import phrases_en, phrases_es

PRODUCTS = {
    "en": (
        "the Moka Uno",
        "the Alba pour-over stand",
        "the Chispa espresso machine",
        "the Brasa espresso machine",
        "the Lento grinder",
        "the Rayo grinder",
        "the Filter Set No. 2",
        "the Brisa kettle",
        "the Nube milk frother",
        "the Tierra mug",
        "the Norte scale",
        "the Duna thermos",
    ),
    "es": (
        "la Moka Uno",
        "el soporte Alba",
        "la cafetera Chispa",
        "la cafetera Brasa",
        "el molinillo Lento",
        "el molinillo Rayo",
        "el set de filtro n.º 2",
        "el hervidor Brisa",
        "el espumador Nube",
        "la taza Tierra",
        "la báscula Norte",
        "el termo Duna",
    ),
}
ABOUT = {  # the products a topic is about: the first, the second
    "grinder": (slice(0, 4), slice(4, 6)),
    "machine": (slice(2, 4), slice(4, None)),
}
ANY = (slice(0, 6), slice(6, None))
COFFEES = ("Huila", "Yirgacheffe", "Sierra Nevada", "Casa Aurora", "Antigua", "Kivu", "Decaf Ronda", "Sumatra Lago")
CITIES = {
    "en": ("Leeds", "Bristol", "Dublin", "Manchester", "Brighton", "Cardiff", "Edinburgh", "Cork", "Norwich", "Bath"),
    "es": ("Valencia", "Sevilla", "Bilbao", "Granada", "Zaragoza", "Vigo", "Málaga", "Murcia", "Gijón", "Cádiz"),
}
DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes"),
}
CODES = ("WELCOME10", "AURORA15", "SLOWMORNING", "FILTER5", "OTOÑO10")

Phrases = dict[str, list[str]]


class Topic(Struct, frozen=True, kw_only=True):
    """A subject of conversations, in one language."""

    name: str
    team: str
    tags: tuple[str, ...]
    wrap_up: str
    phrases: Phrases


class Language(Struct, kw_only=True):
    """All phrases of one language."""

    topics: list[Topic] = field(default_factory=list)
    common: Phrases = field(default_factory=dict)


@lru_cache(maxsize=2)
def language(code: str) -> Language:
    """Return the phrases of a language: `es` for Spanish, anything else for English."""
    phrase_book = Language()
    for block in (phrases_es.TEXT if code == "es" else phrases_en.TEXT).strip().split("\n\n"):
        phrases = _phrases(block)
        if "topic" in phrases:
            name, team, tags, wrap_up = (part.strip() for part in phrases.pop("topic")[0].split("|"))
            labels = tuple(tag.strip() for tag in tags.split(","))
            phrase_book.topics.append(Topic(name=name, team=team, tags=labels, wrap_up=wrap_up, phrases=phrases))
        else:
            phrase_book.common = phrases
    return phrase_book


def _phrases(block: str) -> Phrases:
    found: Phrases = {}
    for line in block.replace("\n  ", " ").splitlines():
        kind, _, phrase = line.partition(": ")
        found.setdefault(kind, []).append(phrase)
    return found


def placeholder_values(rng: Random, code: str, name: str, topic: str) -> dict[str, str]:
    """Choose the values of the placeholders in one conversation's phrases."""
    primary, secondary = ABOUT.get(topic, ANY)
    product, product2 = rng.choice(PRODUCTS[code][primary]), rng.choice(PRODUCTS[code][secondary])
    if topic not in ABOUT and rng.randrange(2):
        product, product2 = product2, product
    coffee, coffee2 = rng.sample(COFFEES, 2)
    price = rng.choice((9, 14, 18, 24, 32, 45, 60, 85, 120))
    return {
        "order": f"AU-{rng.randrange(10_000, 99_999)}",
        "ref": f"R{rng.randrange(1_000, 9_999)}",
        "product": product,
        "own": product.partition(" ")[2],
        "product2": product2,
        "coffee": coffee,
        "coffee2": coffee2,
        "city": rng.choice(CITIES[code]),
        "day": rng.choice(DAYS[code]),
        "code": rng.choice(CODES),
        "n": str(rng.randrange(2, 10)),
        "price": f"{price} €" if code == "es" else f"€{price}",
        "name": name,
        "first": name.partition(" ")[0],
        "agent": "Aurora",
        "mate": "",
    }


def fill_in(phrase: str, words: Mapping[str, str]) -> str:
    """Fill the placeholders of a phrase, and begin with a capital if it begins with a placeholder."""
    text = phrase.format_map(words)
    first = 1 if phrase.startswith("¿") else 0
    return text[: first + 1].upper() + text[first + 1 :] if phrase[first] == "{" else text
