"""Dedupe: spend nothing on a company that is known, as far as the run was asked to, or judged by these criteria."""

from hunts.work import Tools, Verdict, Work, passed, rejected


async def run(work: Work, tools: Tools) -> Verdict:
    if work.is_left_out:
        return rejected("Known already: this run was asked for new companies only.")
    if work.known is None:
        return passed("new")
    return passed(
        f"judged already on {work.known.judged_at:%Y-%m-%d}",
        skip_to="score",
        reuse=work.known,
        findings=work.known.findings,
    )
