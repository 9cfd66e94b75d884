"""Dedupe: spend nothing on a company that was judged by these criteria already."""

from hunts.work import Tools, Verdict, Work, passed


async def run(work: Work, tools: Tools) -> Verdict:
    if work.known is None:
        return passed("new")
    return passed(
        f"judged already on {work.known.judged_at:%Y-%m-%d}",
        skip_to="score",
        reuse=work.known,
        findings=work.known.findings,
    )
