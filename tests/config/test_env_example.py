"""The file that operators copy lists every setting there is."""

import re

from django.conf import settings

NOT_FOR_OPERATORS = {"CRASH_AT"}  # where tests make a process die
READ = re.compile(r'(?:env\.\w+|text|secret|amount)\(\s*"([A-Z][A-Z0-9_]+)"')
LISTED = re.compile(r"^([A-Z][A-Z0-9_]+)=", re.MULTILINE)


def test_every_setting_is_listed_in_the_example_and_nothing_that_is_none():
    modules = (settings.BASE_DIR / "config" / "settings").glob("*.py")
    read = {name for module in modules for name in READ.findall(module.read_text())}
    listed = set(LISTED.findall((settings.BASE_DIR / ".env.example").read_text()))
    paces = {name for name in listed if re.search(r"_(REQUESTS_PER_MINUTE|TOKENS_PER_MINUTE|CALLS_AT_ONCE)$", name)}
    assert len(read) > 40
    assert listed - paces == read - NOT_FOR_OPERATORS
