"""What people, their clipboards and their attackers put into fields."""

from tests.harness.hostile_texts import naughty, own

# Each breaks something somewhere: a database, a parser, a template, a header, a page.
ODD = (
    "\0",
    "a\0b",
    "\x1b[31mred\x1b[0m\x07",
    "\ufeff\u200b\u2060",
    "\u202eright to left\u202c العربية",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\U0001f3f4\U000e0067\U000e0062",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "w" * 100_000,
    "word " * 20_000,
    "1e400",
    "-0",
    "NaN",
    "9" * 19,
    "9" * 5_000,
    "-9223372036854775809",
    "٣٤",
    "1.5",
    "0000-00-00",
    "99999-12-31",
    "2026-02-30T25:61",
    "%s%n%(x)s{0}{x.__class__}",
    "{{ 7|add:7 }}{% include 'x' %}${7*7}",
    "'; DROP TABLE leads_lead; --",
    '"><script>alert(1)</script>',
    "a\r\nBcc: evil@evil.example\r\n\r\nbody",
    "../../../../etc/passwd\\..",
    "=cmd|' /C calc'!A0",
    "https://evil.example",
    "//evil.example/\\",
    "\t/\\evil.example",
    "javascript:alert(1)",
    "http://[::1",
    "a@b@c",
    "null",
    "[]",
    '{"a": {"$gt": ""}}',
    "",
    " ",
)


def corpus() -> list[str]:
    """Return all texts: the odd ones, the big list of naughty strings where it is, and our own scripts."""
    return list(dict.fromkeys([*naughty(), *own()]))
