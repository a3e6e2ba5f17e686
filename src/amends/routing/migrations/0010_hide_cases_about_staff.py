"""Cases about one of us that were noted before cases could be closed to people: from now on those people do not see them."""

from django.db import migrations

HIDE = [
    """
    INSERT INTO cases_hiddenfrom (complaint_id, user_id, created_at)
    SELECT complaint_id, user_id, now() FROM routing_caseaboutstaff
    ON CONFLICT DO NOTHING
    """,
    """
    UPDATE cases_complaint SET guarded = true
    WHERE NOT guarded AND id IN (SELECT complaint_id FROM routing_caseaboutstaff)
    """,
    # Whoever it is about does not go on working on it: it waits in its team's queue.
    """
    UPDATE cases_complaint SET owner_id = NULL FROM routing_caseaboutstaff AS about
    WHERE about.complaint_id = cases_complaint.id AND about.user_id = cases_complaint.owner_id
    """,
    # What they were told of it is taken back, as it is when a case is closed to somebody now.
    """
    UPDATE notifications_delivery SET state = 'dropped', reason = 'the case is closed to this person', changed_at = now()
    FROM notifications_notification AS note JOIN routing_caseaboutstaff AS about
        ON about.complaint_id = note.complaint_id AND about.user_id = note.user_id
    WHERE notifications_delivery.notification_id = note.id AND notifications_delivery.state = 'queued'
    """,
    """
    UPDATE notifications_notification AS note
    SET title = 'A case that is no longer open to you', url = '/queue/', complaint_id = NULL, read_at = now()
    FROM routing_caseaboutstaff AS about
    WHERE about.complaint_id = note.complaint_id AND about.user_id = note.user_id
    """,
]


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0006_guarded_cases"),
        ("notifications", "0002_alerts"),
        ("routing", "0009_listed_customers"),
    ]

    operations = [migrations.RunSQL([*HIDE], migrations.RunSQL.noop)]
