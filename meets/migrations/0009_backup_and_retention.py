"""Assessments get a name that stays the same on every site; photos a moment from which their files are gone."""

import uuid

from django.db import migrations, models

REASONS = [
    ('not_an_image', 'This file is not a photo. Upload a JPEG, PNG or WebP.'),
    ('empty', 'This file is empty. Upload the photo again.'),
    ('truncated', 'This photo is cut off. Upload it again from the camera.'),
    ('too_large', 'This file is too large. Upload a photo of at most 25 MB.'),
    ('too_many_pixels', 'This photo has too many pixels. Upload one of at most 60 megapixels.'),
    ('too_small', 'This photo is too small to see a joint. Upload one of at least 64 × 64 pixels.'),
    ('animated', 'This file holds several pictures. Upload the one that shows the moment.'),
    ('heic', "HEIC photos cannot be read here. Set the phone's camera to JPEG, or send the photo as JPEG."),
    ('format', 'This kind of picture cannot be read here. Upload a JPEG, PNG or WebP.'),
    ('wrong_type', 'The file is not the kind of picture it says it is. Upload the original photo.'),
    ('file_missing', 'The stored photo is gone. Upload it again.'),
    ('worker_lost', "The worker stopped three times on this photo. Judge by eye; tell the meet's staff."),
    ('engine_failed', "The photo could not be worked on. Judge by eye; tell the meet's staff."),
    ('out_of_memory', "The worker ran out of memory. Judge by eye; tell the meet's staff."),
    ('too_slow', "The photo took too long. Judge by eye; tell the meet's staff."),
    ('purged', "This photo was deleted, as the meet's retention or its lifter asked, before it was read."),
]


def uids_fill(apps, schema_editor):
    Assessment = apps.get_model("meets", "Assessment")
    batch = []
    for row in Assessment.objects.only("pk").order_by("pk").iterator(chunk_size=500):
        row.uid = uuid.uuid4()
        batch.append(row)
        if len(batch) == 500:
            Assessment.objects.bulk_update(batch, ["uid"])
            batch = []
    Assessment.objects.bulk_update(batch, ["uid"])


class Migration(migrations.Migration):
    dependencies = [("meets", "0008_bodyweight_range")]

    operations = [
        migrations.AddField("assessment", "uid", models.UUIDField(null=True, editable=False)),
        migrations.RunPython(uids_fill, migrations.RunPython.noop),
        migrations.AlterField(
            "assessment", "uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
        ),
        migrations.AddField(
            "attemptimage", "purged_at", models.DateTimeField(blank=True, editable=False, null=True)
        ),
        *[
            migrations.AlterField(name, "reason", models.CharField(blank=True, choices=REASONS, max_length=20))
            for name in ("attemptimage", "reading")
        ],
    ]
