"""What the schema's own reading of the serializers gets wrong."""

from typing import Any

from meets.api.serializers import CLOSED_IMAGE_FIELDS


def closed_left_out(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Fields that an answer leaves out while its evidence is closed are not required in it."""
    schemas = result["components"]["schemas"]
    for name in ("ImageResult", "ImageFull"):
        schemas[name]["required"] = [field for field in schemas[name]["required"] if field in CLOSED_IMAGE_FIELDS]
    for name in ("AttemptResult", "AttemptFull"):
        schemas[name]["required"] = [field for field in schemas[name]["required"] if field != "flag"]
    return result
