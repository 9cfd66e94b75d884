"""Pictures of home pages: taken once, politely, and never the reason that something else fails."""

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync

from enrichment.models import Screenshot
from enrichment.screenshots import Photographer
from enrichment.stored_hosts import StoredHosts, StoredRobots
from integrations.egress.browser import Browser, find_executable
from integrations.egress.errors import TimedOut
from integrations.egress.policy import Policy
from tests.harness.fake_web import FakeWeb

pytestmark = pytest.mark.django_db(transaction=True)
AGENT = "MagnetHunter/1.0 (+https://magnet.example/bot)"
URL = "http://acme.example/"


class Camera:
    """Gives a picture, or fails, and counts how often it was asked."""

    def __init__(self, problem: str = "") -> None:
        self.problem, self.taken = problem, 0

    async def screenshot(self, url: str, deadline: float) -> bytes:
        self.taken += 1
        if self.problem:
            raise TimedOut(self.problem)
        return b"RIFF....WEBP"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def photographer(web: FakeWeb, camera: object, **more: object) -> Photographer:
    return Photographer(
        camera=camera, policy=Policy(routes=web.routes), user_agent=AGENT, hosts=StoredHosts(),
        robots_store=StoredRobots(), fresh_for=timedelta(days=7), **more,
    )  # fmt: skip


def taken(camera: object, *urls: str, robots: str = "", **more: object) -> list[str]:
    async def take() -> list[str]:
        async with FakeWeb() as web:
            web.page("/robots.txt", robots, content_type="text/plain")
            web.page("/", "<h1>Acme</h1><p>We make pumps for breweries, and have done so since 1961.</p>")
            one = photographer(web, camera, **more)
            return [await one.take(url) for url in urls]

    return async_to_sync(take)()


def test_a_fresh_picture_is_not_taken_again():
    camera = Camera()
    assert taken(camera, URL, URL, "http://www.acme.example/") == ["", "", ""]
    assert camera.taken == 1
    assert Screenshot.objects.get().host == "acme.example"


def test_an_old_picture_is_replaced_with_its_file(media):
    taken(Camera(), URL)
    Screenshot.objects.update(taken_at="2020-01-01T00:00Z")
    taken(Camera(), URL)
    assert Screenshot.objects.get().taken_at.year > 2020
    assert len(list(media.rglob("*.webp"))) == 1


def test_a_site_that_forbids_reading_is_not_photographed():
    camera = Camera()
    (told,) = taken(camera, URL, robots="User-agent: *\nDisallow: /")
    assert told.startswith("No picture of the home page: The site's robots.txt")
    assert camera.taken == 0


def test_a_camera_that_fails_says_why_and_keeps_the_picture_before():
    taken(Camera(), URL)
    Screenshot.objects.update(taken_at="2020-01-01T00:00Z")
    assert taken(Camera("The page did not load."), URL) == ["No picture of the home page: The page did not load."]
    assert Screenshot.objects.exists()


def test_a_site_that_somebody_else_reads_is_left_to_them():
    async_to_sync(StoredHosts().take)("acme.example", "somebody else", 60)
    assert taken(Camera(), URL, wait=0.2) == ["No picture of the home page: the site was busy."]


def test_without_a_browser_it_says_so():
    assert "no browser" in taken(None, URL)[0]


@pytest.mark.browser
@pytest.mark.skipif(not find_executable(), reason="no Chromium on this machine")
def test_a_real_browser_takes_a_webp():
    async def take() -> str:
        async with FakeWeb() as web:
            web.page(
                "/", "<body style='background:#147'><h1>Acme</h1><p>We make pumps for breweries.</p>" + "<p>x" * 80
            )
            async with Browser(Policy(routes=web.routes), images=True) as camera:
                return await photographer(web, camera).take(URL)

    assert async_to_sync(take)() == ""
    content = Screenshot.objects.get().file.read()
    assert content[:4] == b"RIFF" and content[8:12] == b"WEBP" and len(content) > 2_000
