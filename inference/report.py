"""An Assessment as plain JSON values: what the command line prints."""

from __future__ import annotations

from typing import Any

from inference.assessment import Assessment


def report(assessment: Assessment) -> dict[str, Any]:
    """One JSON object: lifter, lift, phase, view, flag, findings, votes, keypoints (px, 17 of [x, y, score]), people,
    ms.
    """
    votes = assessment.votes
    return {
        "lifter": assessment.pose is not None,
        "lift": {"name": assessment.lift.lift, "p": round(assessment.lift.p, 3)},
        "phase": {
            "name": assessment.phase.phase,
            "p": round(assessment.phase.p, 3),
            "stated": assessment.phase.stated,
        },
        "view": {
            "name": assessment.view.view,
            "p": round(assessment.view.p, 3),
            "stated": assessment.view.stated,
            "off_side_deg": _rounded(assessment.view.off_side_deg, 0),
        },
        "flag": assessment.flag,
        "findings": [
            {
                "rule": finding.rule,
                "side": finding.side,
                "outcome": finding.outcome,
                "margin_cm": _rounded(finding.margin_cm, 1),
                "sigma_cm": _rounded(finding.sigma_cm, 1),
                "margin_limb": _rounded(finding.margin_limb, 3),
                "sigma_limb": _rounded(finding.sigma_limb, 3),
                "limb": finding.limb,
                "p_breach": _rounded(finding.p_breach, 3),
                "reason": finding.reason,
                "detail": finding.detail,
            }
            for finding in assessment.findings
        ],
        "votes": [
            {
                "pair": result.pair,
                "reading": result.reading,
                "bad_share": _rounded(result.bad_share, 2),
                "annotations": [
                    {"id": one.annotation_id, "view": one.view, "verdict": one.verdict}
                    for one in votes.votes
                    if one.pair == result.pair
                ],
            }
            for result in votes.pairs
        ]
        if votes
        else [],
        "kappa": _rounded(votes.kappa, 3) if votes else None,
        "keypoints": [[round(x, 1), round(y, 1), round(score, 3)] for x, y, score in assessment.pose.points.tolist()]
        if assessment.pose
        else None,
        "people": [
            {"score": round(one.score, 3), "box": [round(side, 1) for side in one.box], "chosen": one.chosen}
            for one in assessment.people
        ],
        "lifter_margin": round(assessment.lifter_margin, 3),
        "size": [assessment.width, assessment.height],
        "ms": {step: round(ms, 1) for step, ms in assessment.timings_ms.items()},
        "engine": assessment.engine,
        "weights_sha256": assessment.weights_sha256,
        "rulebook": assessment.rulebook,
        "gold_set": assessment.gold_set,
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
