"""What people of the organisation decided, as texts to learn from: decisions about lanes and corrected labels and categories."""

from __future__ import annotations

from amends.cases.public import Complaint
from amends.triage.models import Correction, LaneDecision
from amends.triage.training.sources import Example

_DECIDED_WEIGHT = 4.0
_LONGEST = 4_000


def decided() -> list[Example]:
    """Return one text for each message about which a person decided; the last word counts, what was taken back does not."""
    labels: dict[int, str] = {}
    for complaint_id, after, taken_back in LaneDecision.objects.order_by("id").values_list(
        "complaint_id", "after", "taken_back"
    ):
        if taken_back:
            labels.pop(complaint_id, None)
        else:
            labels[complaint_id] = after
    categories: dict[int, str] = {}
    for complaint_id, field, value in (
        Correction.objects.filter(field__in=["label", "category"])
        .order_by("id")
        .values_list("complaint_id", "field", "after")
    ):
        (labels if field == "label" else categories)[complaint_id] = value
    return _examples(labels, categories)


def _examples(labels: dict[int, str], categories: dict[int, str]) -> list[Example]:
    rows = Complaint.objects.filter(pk__in={*labels, *categories}, language__in=["en", "de"]).order_by("pk")
    found = []
    for pk, text, language, channel in rows.values_list("pk", "text", "language", "channel"):
        label = labels.get(pk, "complaint")
        category = categories.get(pk, "") if label != "other" else ""
        found.append(
            Example(
                text[:_LONGEST],
                label,
                f"decided-{language}",
                language,
                category,
                channel=channel,
                weight=_DECIDED_WEIGHT,
            )
        )
    return found
