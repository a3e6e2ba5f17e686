"""Every complaint has a reference when its transaction ends; it is given last, so the check is deferred to the commit."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION cases_reference_given() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM cases_complaint WHERE id = NEW.id AND reference IS NULL) THEN
        RAISE EXCEPTION 'Complaint % has no reference.', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER cases_complaint_reference_given AFTER INSERT ON cases_complaint
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cases_reference_given();
"""
BACKWARD = """
DROP TRIGGER cases_complaint_reference_given ON cases_complaint;
DROP FUNCTION cases_reference_given();
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
