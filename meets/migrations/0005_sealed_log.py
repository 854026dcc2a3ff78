"""On PostgreSQL the database itself refuses to change or delete a record of the log, whoever asks through the site's own
account. SQLite, which a meet in earnest does not run on, is left to the model and to log_verify."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION meets_log_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A record of the log is neither changed nor deleted.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER meets_log_is_sealed BEFORE UPDATE OR DELETE ON meets_logrecord
    FOR EACH ROW EXECUTE FUNCTION meets_log_is_sealed();
"""
BACKWARD = """
DROP TRIGGER meets_log_is_sealed ON meets_logrecord;
DROP FUNCTION meets_log_is_sealed();
"""


def forward(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FORWARD)


def backward(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(BACKWARD)


class Migration(migrations.Migration):
    dependencies = [("meets", "0004_running_a_meet")]
    operations = [migrations.RunPython(forward, backward)]
