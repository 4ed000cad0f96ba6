"""Small files that customers and agents of the demo shop send."""

import struct
import zlib
from collections.abc import Callable
from functools import cache, partial
from hashlib import sha256

from msgspec import Struct

SIDE = 96
CUP_WIDE, CUP_HIGH = range(25, 72), range(23, 76)
WALL, TABLE, CRACK = (236, 232, 224), (150, 110, 80), (40, 30, 28)


class Sample(Struct, frozen=True, kw_only=True):
    """A file; its bytes are made when they are needed."""

    filename: str
    media_type: str
    make: Callable[[], bytes]

    @property
    def body(self) -> bytes:
        """Return its bytes."""
        return self.make()

    @property
    def digest(self) -> str:
        """Return the SHA-256 of its bytes in hex."""
        return sha256(self.body).hexdigest()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _shade(x: int, y: int, colour: tuple[int, int, int]) -> bytes:
    """Return the colour of one pixel: the cup, its crack, the table or the wall."""
    shown = WALL
    if x in CUP_WIDE and y in CUP_HIGH:
        crack = x - SIDE // 2 - (y * 7 % 11 - 5)
        shown = CRACK if crack in {-1, 0, 1} else colour
    elif y >= CUP_HIGH.stop:
        shown = TABLE
    return bytes(max(0, part - (x + y) // 8) for part in shown)


@cache
def _picture(red: int, green: int, blue: int) -> bytes:
    """Return a picture of a cracked cup on a table as PNG (W3C PNG §5)."""
    rows = [b"\0" + b"".join(_shade(x, y, (red, green, blue)) for x in range(SIDE)) for y in range(SIDE)]
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(rows), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


@cache
def _pdf(*lines: str) -> bytes:
    """Return one page of text as PDF with a valid cross-reference table (ISO 32000-1 §7.5)."""
    text = "BT /F1 14 Tf 60 760 Td 20 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    body, places = b"%PDF-1.4\n", []
    for number, object_ in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{object_}\nendobj\n".encode("ascii")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + f"xref\n0 {size}\n0000000000 65535 f \n{table}{end}".encode("ascii")


_LIST = b"""item,quantity,unit
Huila whole bean,6,kg
Decaf Ronda,2,kg
Paper filters No. 2,10,pack
Descaling tablets,4,box
"""

PHOTOS = tuple(
    Sample(filename=name, media_type="image/png", make=partial(_picture, *colour))
    for name, colour in (("IMG_2041.png", (196, 70, 60)), ("foto.png", (70, 120, 150)), ("broken.png", (90, 140, 90)))
)
INVOICE = Sample(
    filename="invoice-aurora.pdf",
    media_type="application/pdf",
    make=partial(
        _pdf,
        "Aurora Coffee",
        "Invoice 2026-0417",
        "",
        "1 x Moka Uno            45.00",
        "2 x Huila 250 g         18.00",
        "",
        "Total EUR               63.00",
        "VAT included. Thank you!",
    ),
)
OFFER = Sample(
    filename="aurora-prices.pdf",
    media_type="application/pdf",
    make=partial(
        _pdf,
        "Aurora Coffee - prices for businesses",
        "",
        "under 5 kg a month      24.00 / kg",
        "5 to 20 kg              19.50 / kg",
        "over 20 kg              17.00 / kg",
        "",
        "Delivery included, 14 days net.",
    ),
)
LIST = Sample(filename="what-we-need.csv", media_type="text/csv", make=lambda: _LIST)
ALL = (*PHOTOS, INVOICE, OFFER, LIST)

FROM_CUSTOMER = {"broken": PHOTOS, "machine": PHOTOS[1:], "wholesale": (LIST,)}
FROM_AGENT = {"invoice": (INVOICE,), "wholesale": (OFFER,)}
