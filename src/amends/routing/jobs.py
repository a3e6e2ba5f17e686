"""Jobs of routing: give out cases, give back those of absent people."""

from __future__ import annotations

from procrastinate.contrib.django import app

from amends.routing import giving, leaving, stuck
from amends.routing.models import Assigns, TeamDesk


@app.periodic(cron="* * * * * */10")
@app.task(queue="urgent", queueing_lock="routing.give_out", name="routing.give_out")
def give_out(timestamp: int) -> int:
    """Every ten seconds: the waiting cases of each team that gives out by itself; how many found somebody."""
    del timestamp
    teams = TeamDesk.objects.filter(assigns=Assigns.FREE).order_by("team_id").values_list("team_id", flat=True)
    return sum(len(giving.assign_waiting(team_id=one)) for one in list(teams))


@app.periodic(cron="* * * * *")
@app.task(queue="default", queueing_lock="routing.give_back", name="routing.give_back")
def give_back(timestamp: int) -> int:
    """Every minute: who is off shift gives back what nobody answered; how many cases."""
    del timestamp
    return leaving.give_back_of_absent()


@app.periodic(cron="30 6 * * *")
@app.task(queue="default", queueing_lock="routing.stuck_digest", name="routing.stuck_digest")
def stuck_digest(timestamp: int) -> int:
    """Every morning: owners and leads hear which of their cases are stuck; how many people were told."""
    del timestamp
    return stuck.send_digest()
