"""Makes the photos' bucket where there is none yet; run once before the site starts. Nothing in it is public."""

import os
import sys
from pathlib import Path


def bucket_made() -> bool:
    """True when it was made now. Any other answer of the store than "not there" is raised."""
    from botocore.exceptions import ClientError
    from django.core.files.storage import storages
    from storages.backends.s3 import S3Storage

    store = storages["default"]
    assert isinstance(store, S3Storage), "S3_BUCKET is not set"  # noqa: S101
    client = store.connection.meta.client
    try:
        client.head_bucket(Bucket=store.bucket_name)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
    else:
        return False
    client.create_bucket(Bucket=store.bucket_name)
    return True


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    print("The bucket was made." if bucket_made() else "The bucket is there.")  # noqa: T201
