"""A picture of a company's home page: taken by a browser, kept on storage, shown to members only, never by its URL."""

import asyncio
from datetime import timedelta
from typing import Protocol

from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.utils import timezone

from enrichment.hosts import Hosts, turn_of
from enrichment.models import Screenshot
from enrichment.site import Visit
from integrations.egress.errors import EgressError
from integrations.egress.policy import Policy
from integrations.egress.robots import Robots, RobotsStore
from integrations.egress.transport import SiteClient, guarded_client

DEADLINE_SECONDS = 15.0


class Camera(Protocol):
    """A browser, as far as a picture needs one."""

    async def screenshot(self, url: str, deadline: float) -> bytes:
        """Return the first screen of `url` as WebP, within `deadline` seconds. Raises `EgressError`."""


class Photographer:
    """Takes the picture of a site's home page where there is none that is fresh, as politely as a reader.

    Without a camera it takes none. `wait` is how long (seconds) it waits for others to be done with the site: a
    picture is worth no more.
    """

    def __init__(
        self,
        *,
        camera: Camera | None,
        policy: Policy,
        user_agent: str,
        hosts: Hosts,
        robots_store: RobotsStore,
        fresh_for: timedelta,
        wait: float = 10.0,
    ) -> None:
        self._camera = camera
        self._policy = policy.for_strangers()
        self._user_agent = user_agent
        self._hosts = hosts
        self._robots = Robots(user_agent.partition("/")[0], robots_store)
        self._fresh_for = fresh_for
        self._wait = wait

    async def take(self, url: str) -> str:
        """Keep a picture of `url`; return '' or, in one plain sentence, why there is none."""
        if self._camera is None:
            return "No picture of the home page: there is no browser on this machine."
        host = turn_of(url)
        if not host or await sync_to_async(_is_fresh)(host, self._fresh_for):
            return ""
        try:
            async with guarded_client(self._policy, user_agent=self._user_agent) as client:
                picture = await self._polite_picture(self._camera, client, url)
        except EgressError as error:
            return f"No picture of the home page: {error.reason}"
        except TimeoutError:
            return "No picture of the home page: the site was busy."
        await sync_to_async(_keep)(host, url, picture)
        return ""

    async def _polite_picture(self, camera: Camera, client: SiteClient, url: str) -> bytes:
        visit = Visit(client, self._policy, self._robots, self._hosts)
        try:
            async with asyncio.timeout(self._wait):
                await visit.wait_for_turn(url)
                await visit.check_robots(url)
            return await camera.screenshot(url, DEADLINE_SECONDS)
        finally:
            await visit.end_turn()


def _is_fresh(host: str, fresh_for: timedelta) -> bool:
    return Screenshot.objects.filter(pk=host, taken_at__gt=timezone.now() - fresh_for).exists()


def _keep(host: str, url: str, picture: bytes) -> None:
    """Put the picture in the place of the one before, file and row."""
    before = Screenshot.objects.filter(pk=host).first()
    row = Screenshot(host=host, url=url, taken_at=timezone.now())
    row.file.save(f"{host}.webp", ContentFile(picture), save=False)
    row.save()
    if before is not None and before.file.name != row.file.name:
        before.file.delete(save=False)
