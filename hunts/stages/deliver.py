"""Deliver: hand the lead on. A lead that reached this stage stands in the table and in every export."""

from hunts.work import Tools, Verdict, Work, passed


async def run(work: Work, tools: Tools) -> Verdict:
    return passed("in the table and in exports")
