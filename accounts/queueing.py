"""Putting a task into the queue, from any floor. Rows are the truth; a message only says where to look."""

import structlog
from django_q.brokers import get_broker
from django_q.tasks import async_task
from redis.exceptions import RedisError

logger = structlog.get_logger(__name__)


def enqueue(function: str, *args: int | str) -> bool:
    """Have a worker call `function`, a dotted name; False where the queue cannot be reached.

    Then nothing else is wrong: what is to be done stands in rows, and a sweep finds it there.
    """
    try:
        async_task(function, *args)
    except RedisError as error:
        logger.error("queue.unreachable", task=function, error=str(error))
        return False
    return True


def waiting_messages() -> int | None:
    """Return how many messages wait for a worker; None where the queue cannot be reached."""
    try:
        return int(get_broker().queue_size())
    except RedisError as error:
        logger.error("queue.unreachable", error=str(error))
        return None
