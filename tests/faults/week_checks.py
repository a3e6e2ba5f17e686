"""What must hold after the simulated week, read from the tables and from what the relay was given."""

from __future__ import annotations

from collections import Counter
from email import message_from_bytes, policy
from typing import Any

from django.db.models import F, Q

from amends.accounts.public import User
from amends.audit.public import Record, verify
from amends.cases.public import Complaint, Message, MessageState
from amends.clocks.public import Clock
from amends.core import clock
from amends.notifications.public import Alert, Notification
from tests.faults.week import LOOK_OUTS, query


def check(relay: Any) -> dict[str, Any]:
    """The figures, with everything that does not hold under `problems`, each in a sentence."""
    problems: list[str] = []
    figures = {
        "breaches": _breaches(problems),
        "acknowledgements": _acknowledgements(problems, relay),
        "sensitive": _sensitive(problems),
        "record": _record(problems),
        "jobs_failed": _jobs(problems),
    }
    return {**figures, "problems": problems[:50], "problem_count": len(problems)}


def _breaches(problems: list[str]) -> dict[str, int]:
    over = Clock.objects.filter(missed="breach", due_at__lt=clock.now())
    silent = over.filter(Q(stopped_at=None) | Q(stopped_at__gt=F("due_at")), breached_at=None)
    problems += [f"clock {pk} ran out and nobody noticed" for pk in silent.values_list("pk", flat=True)]
    broken = Clock.objects.filter(breached_at__isnull=False)
    rows = Counter(row["clock"] for row in Record.objects.filter(kind="clock_breached").values_list("data", flat=True))
    breached = set(broken.values_list("pk", flat=True))
    excused = set(Clock.objects.filter(stopped_at__lte=F("due_at")).values_list("pk", flat=True))
    problems += [f"clock {pk}: {rows[pk]} records of its breach" for pk in breached if rows[pk] != 1]
    problems += [f"clock {pk} has a record of a breach and was not broken" for pk in set(rows) - breached - excused]
    alerts = dict(Alert.objects.filter(key__startswith="breached:").values_list("key", "pk"))
    active = set(User.objects.filter(is_active=True).values_list("pk", flat=True))
    told: dict[int, set[int]] = {}
    for alert_id, user_id in Notification.objects.filter(alert__isnull=False).values_list("alert_id", "user_id"):
        told.setdefault(alert_id, set()).add(user_id)
    for pk in sorted(breached):
        alert = alerts.get(f"breached:{pk}")
        if alert is None:
            problems.append(f"clock {pk} was broken without an alert")
        elif not told.get(alert, set()) & active:
            problems.append(f"clock {pk}: its alert has no receiver who is still here")
    return {
        "clocks": Clock.objects.count(),
        "ran_out": len(breached),
        "records": sum(rows.values()),
        "alerts": len(alerts),
    }


def _acknowledgements(problems: list[str], relay: Any) -> dict[str, int]:
    letters = Message.objects.filter(kind="acknowledgement")
    per_case = Counter(letters.values_list("complaint_id", flat=True))
    problems += [f"complaint {pk} has {count} acknowledgements" for pk, count in per_case.items() if count > 1]
    waiting = letters.filter(state__in=[MessageState.QUEUED, MessageState.SENDING, MessageState.FAILED])
    problems += [f"acknowledgement {pk} never left" for pk in waiting.values_list("pk", flat=True)]
    names = set(letters.exclude(message_id="").values_list("message_id", flat=True))
    taken = Counter(
        identifier
        for raw in relay.mails
        if (identifier := str(message_from_bytes(raw, policy=policy.default)["Message-ID"]).strip("<> ")) in names
    )
    gone = set(letters.filter(sent_at__isnull=False).values_list("message_id", flat=True))
    problems += [f"the relay never had the acknowledgement {name}" for name in gone - set(taken)]
    # Between the relay's 250 and our mark a death cannot be told from a loss: the copy has the same Message-ID, and mail
    # programs show one letter. Counted here, and never more of them than workers died.
    return {"letters": len(names), "sent": len(gone), "copies": sum(taken.values()) - len(taken)}


def _sensitive(problems: list[str]) -> dict[str, int]:
    """Nobody who was hurt or threatens with the law got a template; somebody was told."""
    sensitive = Complaint.objects.filter(Q(safety=True) | Q(legal_or_media=True))
    wrong = sensitive.filter(messages__kind="acknowledgement", messages__automatic=True)
    problems += [f"complaint {pk} is for a person and got a template" for pk in wrong.values_list("pk", flat=True)]
    told = set(Alert.objects.filter(complaint_id__isnull=False).values_list("complaint_id", flat=True))
    problems += [
        f"complaint {pk} is for a person and nobody was told"
        for pk in set(sensitive.values_list("pk", flat=True)) - told
    ]
    never = Complaint.objects.filter(assessed_at=None).count()
    if never:
        problems.append(f"{never} complaints were never assessed")
    return {"cases": sensitive.count()}


def _record(problems: list[str]) -> dict[str, int]:
    result = verify()
    problems += list(result.problems)
    return {"rows": result.rows, "chains": result.chains}


def _jobs(problems: list[str]) -> dict[str, int]:
    """Jobs that were given up. A look-out comes again by itself within seconds: one that failed is counted, and harmless."""
    failed = dict(query("SELECT task_name, count(*) FROM procrastinate_jobs WHERE status = 'failed' GROUP BY 1"))
    problems += [f"{count} jobs {name} failed for good" for name, count in failed.items() if name not in LOOK_OUTS]
    return failed
