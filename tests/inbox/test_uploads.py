"""Files that agents attach: limited by the settings, and refused with a message when they are larger."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from tests.support.case import Case

MEBIBYTE = 1 << 20


def form(size: int) -> dict[str, tuple[str, bytes]]:
    return {"file": ("picture.png", b"x" * size)}


async def test_a_file_of_the_usual_size_goes_up_and_comes_down_whole(bot: httpx.AsyncClient) -> None:
    sent = await bot.post("/api/attachments", files=form(24 * MEBIBYTE))
    assert sent.status_code == 201, sent.text
    assert sent.json()["size"] == 24 * MEBIBYTE
    back = await bot.get(f"/api/attachments/{sent.json()['id']}")
    assert len(back.content) == 24 * MEBIBYTE
    assert back.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize("size", [25 * MEBIBYTE + 1, 50 * MEBIBYTE])
async def test_a_file_that_is_too_large_is_told_with_the_limit(bot: httpx.AsyncClient, size: int) -> None:
    refused = await bot.post("/api/attachments", files=form(size))
    assert refused.status_code == 413
    assert (refused.json()["code"], refused.json()["params"]) == ("upload_too_large", {"limit_mb": 25})


async def test_an_upload_says_how_long_it_is(bot: httpx.AsyncClient) -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield b"x"

    endless = await bot.post("/api/attachments", content=drip(), headers={"Content-Type": "multipart/form-data"})
    assert endless.status_code == 422
    assert endless.json()["code"] == "upload_length_missing"


async def test_any_other_body_stays_small(bot: httpx.AsyncClient, case: Case) -> None:
    body = msgspec.json.encode({"id": str(case.conversation), "text": "x" * 2 * MEBIBYTE})
    said = await bot.post(f"/api/conversations/{case.conversation}/notes", content=body)
    assert said.status_code == 413
    assert said.json()["code"] == "request_too_large"
