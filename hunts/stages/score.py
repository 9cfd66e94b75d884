"""Score: a pure function of the verdicts and the run's scoring config."""

from hunts.work import Tools, Verdict, Work, passed, rejected
from leads.scoring import Tier

WHY = {
    "must_not_met": "a must is not met",
    "exclude_met": "it is of a kind to be left out",
    "must_unverified": "a must rests on a quote that is not on the page",
    "must_unclear": "a must could not be settled",
}


async def run(work: Work, tools: Tools) -> Verdict:
    score = work.scoring.score([finding.scored() for finding in work.findings or ()])
    why = WHY.get(score.lines[-1].reason, "") if score.lines else ""
    reason = f"Tier {score.tier}, {score.total:.0f} points" + (f": {why}" if why else "")
    if score.tier == Tier.D:
        return rejected(reason, score=score)
    return passed(reason, score=score)
