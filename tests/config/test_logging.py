"""What a log line may carry."""

import logging
import sys

from structlog.stdlib import ProcessorFormatter


def test_a_traceback_shows_no_values_of_variables():
    formatter = next(
        handler.formatter
        for handler in logging.getLogger().handlers
        if isinstance(handler.formatter, ProcessorFormatter)
    )
    secret = "-".join(["c4n4ry", "c0ffee"])
    try:
        raise ValueError(f"{len(secret)} signs")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "it crashed", None, sys.exc_info())
    text = formatter.format(record)
    assert "13 signs" in text
    assert secret not in text
