"""Work of the review that is done by the clock."""

from __future__ import annotations

from procrastinate.contrib.django import app

from amends.review.services import remind_of_actions


@app.periodic(cron="17 6 * * *")
@app.task(queue="upkeep", name="review.remind", queueing_lock="review.remind")
def remind(timestamp: int) -> int:
    """Each morning: changes that are due, and effects to look at; how many people were told."""
    return remind_of_actions()
