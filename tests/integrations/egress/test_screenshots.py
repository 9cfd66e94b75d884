import struct
import zlib

import pytest

from integrations.egress.browser import Browser, find_executable
from integrations.egress.errors import Refused, Unreadable
from integrations.egress.policy import Policy
from integrations.egress.screenshots import HEIGHT, MAX_PICTURE, WIDTH
from tests.harness.fake_web import FakeWeb, Listener

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not find_executable(), reason="no Chromium on this machine"),
]

# Noise is what no format makes small.
NOISE = """<canvas id="c" width="1280" height="800"></canvas><p>A picture of noise, which is hard to compress well, and
some text below it that makes the page complete for a reader.</p><script>
const context = c.getContext("2d"), image = context.createImageData(1280, 800);
let seed = 1;
for (let i = 0; i < image.data.length; i++) {
  seed = seed * 16807 % 2147483647;
  image.data[i] = i % 4 === 3 ? 255 : seed & 255;
}
context.putImageData(image, 0, 0);
</script>"""
TEXT = "<h1>Acme Valves</h1><p>Valves of steel and brass for the whole industry, made in Novi Sad since 1968.</p>"


def png(red: int, green: int, blue: int, size: int = 400) -> bytes:
    """Return a square of one colour."""
    rows = (b"\x00" + bytes((red, green, blue)) * size) * size
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def size_of(webp: bytes) -> tuple[int, int]:
    """Return width and height of a lossy WebP: https://developers.google.com/speed/webp/docs/riff_container"""
    assert webp[:4] == b"RIFF" and webp[8:12] == b"WEBP"
    if webp[12:16] == b"VP8X":
        return 1 + int.from_bytes(webp[24:27], "little"), 1 + int.from_bytes(webp[27:30], "little")
    assert webp[12:16] == b"VP8 "
    width, height = struct.unpack("<HH", webp[26:30])
    return width & 0x3FFF, height & 0x3FFF


async def test_a_picture_is_the_first_screen_as_webp(web: FakeWeb) -> None:
    web.page("/", f"<body style='height: 9000px'>{TEXT}</body>")
    async with Browser(Policy(routes=web.routes), images=True) as browser:
        picture = await browser.screenshot("http://acme.example/", 15)
    assert size_of(picture) == (WIDTH, HEIGHT)
    assert len(picture) <= MAX_PICTURE


async def test_pictures_of_the_page_are_waited_for_and_shown(web: FakeWeb) -> None:
    web.page("/", f"<body>{TEXT}<img src='/red.png'></body>")
    web.page("/red.png", png(255, 0, 0), content_type="image/png")
    web.page("/without", f"<body>{TEXT}<img src='/missing.png'></body>")
    async with Browser(Policy(routes=web.routes), images=True) as browser:
        picture = await browser.screenshot("http://acme.example/", 15)
        without = await browser.screenshot("http://acme.example/without", 15)
    assert "/red.png" in web.paths()
    assert picture != without


async def test_a_picture_that_would_be_large_is_made_small(web: FakeWeb) -> None:
    web.page("/", f"<body style='margin: 0'>{NOISE}</body>")
    async with Browser(Policy(routes=web.routes), images=True) as browser:
        assert len(await browser.screenshot("http://acme.example/", 20)) <= MAX_PICTURE


async def test_a_cookie_banner_is_not_in_the_picture(web: FakeWeb) -> None:
    banner = (
        "<div id='onetrust-consent-sdk' style='position: fixed; inset: 0; background: black'>We value cookies</div>"
    )
    web.page("/with", f"<body>{TEXT}{banner}</body>")
    web.page("/without", f"<body>{TEXT}</body>")
    async with Browser(Policy(routes=web.routes), images=True) as browser:
        pictures = [await browser.screenshot(f"http://acme.example/{page}", 15) for page in ("with", "without")]
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("colour", ["white", "black", "#336699"])
async def test_an_empty_screen_is_a_reason_and_no_picture(web: FakeWeb, colour: str) -> None:
    web.page("/", f"<body style='background: {colour}'></body>")
    async with Browser(Policy(routes=web.routes), images=True) as browser:
        with pytest.raises(Unreadable, match="empty"):
            await browser.screenshot("http://acme.example/", 8)


async def test_a_line_of_text_is_no_empty_screen(web: FakeWeb) -> None:
    web.page("/", "<body>Under construction</body>")
    async with Browser(Policy(routes=web.routes), images=True) as browser:
        assert await browser.screenshot("http://acme.example/", 8)


async def test_pictures_are_taken_of_no_inside_address(web: FakeWeb, inside: Listener) -> None:
    web.page("/", f"<body>{TEXT}<img src='http://127.0.0.1:{inside.port}/x.png'></body>")
    policy = Policy(routes=web.routes, ports=frozenset({80, inside.port}))
    async with Browser(policy, images=True) as browser:
        await browser.screenshot("http://acme.example/", 15)
        with pytest.raises(Refused):
            await browser.screenshot(f"http://127.0.0.1:{inside.port}/", 15)
    assert inside.accepts == 0


async def test_a_browser_for_text_takes_no_pictures(web: FakeWeb) -> None:
    async with Browser(Policy(routes=web.routes)) as browser:
        with pytest.raises(ValueError, match="images"):
            await browser.screenshot("http://acme.example/", 15)
