"""The names of the demo's customers: English, Spanish, and some of other languages."""

import unicodedata
from collections.abc import Iterator
from random import Random

ENGLISH = (
    "Oliver Amelia Jack Isla Harry Ava Noah Emily Leo Grace Arthur Freya Oscar Lily Archie Ella Theo Florence "
    "Henry Daisy "
    "Joshua Alice Ethan Ruby Lucas Phoebe Max Rosie Samuel Hannah Adam Martha Liam Niamh Callum Erin Rhys Megan "
    "Priya "
    "Imran Zainab Kofi Aisha Wei Chloe Ben Tom Ruth Neil Janet",
    "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Robinson Wright Thompson Evans Walker White "
    "Roberts "
    "Green Hall Wood Jackson Clarke Khan Lewis James Scott Morgan Hughes Edwards Hill Moore O'Connor Murphy "
    "Byrne Kelly "
    "Ryan Campbell Stewart Reid Ross Begum Okafor Mensah Chen Singh Fletcher Barker Holmes Ashworth Whitfield "
    "Pemberton",
)
SPANISH = (
    "Lucía Hugo Martina Mateo Sofía Martín Paula Leo Valeria Daniel Daniela Alejandro Carla Pablo Julia Álvaro "
    "Sara Adrián "
    "Noa David Carmen Mario Inés Diego Elena Javier Ana José Marta Manuel Laura Iván Irene Sergio Clara Nicolás "
    "Nuria "
    "Andrés Rocío Íñigo Ainhoa Begoña Ángel Raquel Óscar Pilar Joaquín Teresa Xavier Montse",
    "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz "
    "Moreno "
    "Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano Blanco Molina "
    "Morales Suárez Ortega Delgado Castro Ortiz Rubio Marín Sanz Núñez Iglesias Medina Garrido Cortés Castillo "
    "Santos "
    "Lozano Guerrero Cano Prieto",
)
OTHER_NAMES = (
    ("ליאת כהן", "liat.cohen"),
    ("יוסף לוי", "yosef.levi"),
    ("نور الحسن", "nour.alhassan"),
    ("ليلى منصور", "layla.mansour"),
    ("أحمد الخطيب", "ahmad.khatib"),
    ("Zoë Müller", "zoe.mueller"),
    ("Łukasz Wójcik", "lukasz.wojcik"),
    ("Søren Ångström", "soren.angstrom"),
    ("Nguyễn Thị Hạnh", "hanh.nguyen"),
    ("Ömer Yıldız", "omer.yildiz"),
    ("Chloé Lefèvre", "chloe.lefevre"),
    ("João Conceição", "joao.conceicao"),
    ("Дарья Иванова", "darya.ivanova"),
    ("Ελένη Παππά", "eleni.pappa"),
    ("田中 さくら", "sakura.tanaka"),
    ("김민준", "minjun.kim"),
    ("Žofie Dvořáková", "zofie.dvorakova"),
)
SPANISH_OF_20 = 9
MAX_SUFFIX = 4  # a used address gets the number 2, 3 or 4, then a random one
OTHER_NAMES_EVERY = 45  # one in so many customers has a name of another language


def people(rng: Random) -> Iterator[tuple[str, str, str]]:
    """Yield an endless series of customers: name, unique local part of the address, language."""
    used: set[str] = set()
    while True:
        name, local, code = _person(rng)
        number = 1
        while (address := local if number == 1 else f"{local}{number}") in used:
            number = number + 1 if number < MAX_SUFFIX else rng.randrange(20, 999)
        used.add(address)
        yield name, address, code


def _person(rng: Random) -> tuple[str, str, str]:
    if rng.randrange(OTHER_NAMES_EVERY) == 0:
        name, local = rng.choice(OTHER_NAMES)
        return name, local, "en"
    spanish = rng.randrange(20) < SPANISH_OF_20
    firsts, lasts = SPANISH if spanish else ENGLISH
    first, last = rng.choice(firsts.split()), rng.choice(lasts.split())
    local = rng.choice((f"{first}.{last}", f"{first[0]}.{last}", f"{first}{last}", f"{first}_{last}"))
    second = f" {rng.choice(lasts.split())}" if spanish and rng.randrange(2) else ""
    return f"{first} {last}{second}", plain(local), "es" if spanish else "en"


def plain(text: str) -> str:
    """Return a name in ASCII, for an address."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return bare.replace("'", "")
