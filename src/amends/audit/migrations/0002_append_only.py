"""The record can only grow: the database refuses to change or remove a row. And one call for the end of a chain."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The record is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER audit_record_append_only BEFORE UPDATE OR DELETE ON audit_record FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON audit_seal FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE FUNCTION audit_end_of(subject text) RETURNS TABLE (seq integer, hash bytea) LANGUAGE plpgsql AS $$
BEGIN
    -- first the lock, then a new statement with a new snapshot, which sees what its last holder committed
    PERFORM pg_advisory_xact_lock(hashtextextended(subject, 7201));
    RETURN QUERY SELECT r.seq, r.hash FROM audit_record r WHERE r.chain = subject ORDER BY r.seq DESC LIMIT 1;
END $$;
"""
BACKWARD = """
DROP FUNCTION audit_end_of(text);
DROP TRIGGER audit_record_append_only ON audit_record;
DROP TRIGGER audit_seal_append_only ON audit_seal;
DROP FUNCTION audit_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
