import resource
import signal

import pytest


@pytest.fixture
def file_limit():
    """Return a function that makes the disk full for this process: no file may grow beyond so many bytes."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))

    resource.setrlimit(resource.RLIMIT_FSIZE, old)
    signal.signal(signal.SIGXFSZ, handler)
