"""Photos, to members of their meet only. The uploaded original has no address at all."""

from urllib.parse import quote, urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.files.storage import FileSystemStorage
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from meets import access
from meets.models import AttemptImage
from meets.selectors.words import PURGED_WORDS


@login_required
@require_GET
def photo(request: HttpRequest, image_id: UUID) -> HttpResponseBase:
    """The copy that people are served: upright, re-encoded, without EXIF."""
    image = access.row_or_404(AttemptImage, request.user, image_id)
    return _gone(image) or _served(request, image.display, f'"{image.pk.hex}"')


@login_required
@require_GET
def photo_small(request: HttpRequest, image_id: UUID) -> HttpResponseBase:
    """The same for lists."""
    image = access.row_or_404(AttemptImage, request.user, image_id)
    return _gone(image) or _served(request, image.thumb, f'"{image.pk.hex}-small"')


def _gone(image: AttemptImage) -> HttpResponse | None:
    """What stands for a photo that was deleted on purpose, before any browser's own copy is confirmed."""
    if not image.purged:
        return None
    return HttpResponse(PURGED_WORDS, status=410, content_type="text/plain", headers={"Cache-Control": "no-store"})


def _served(request: HttpRequest, file: FieldFile, etag: str) -> HttpResponseBase:
    """The browser may keep it but asks each time, so that a shared tablet shows nothing after its user has left."""
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponse | FileResponse = HttpResponseNotModified()
    else:
        try:
            if not file:
                raise FileNotFoundError("no file")
            response = _by_proxy(file) if settings.MEDIA_BY_PROXY else _by_site(file)
        except FileNotFoundError as error:
            raise Http404("The stored photo is gone. Upload it again.") from error
        response["Content-Disposition"] = "inline"
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _by_site(file: FieldFile) -> FileResponse:
    return FileResponse(file.open("rb"), content_type="image/jpeg")


def _by_proxy(file: FieldFile) -> HttpResponse:
    """No body, but the place, inside our proxy, of what it streams instead (docker/nginx.conf).

    Raises FileNotFoundError as opening the file would, so that a photo that is gone looks the same either way.
    """
    if not file.storage.exists(str(file.name)):
        raise FileNotFoundError(file.name)
    return HttpResponse(content_type="image/jpeg", headers={"X-Accel-Redirect": proxy_place(file)})


def proxy_place(file: FieldFile) -> str:
    """For a file in a folder its path there; for an object the path and query of its signed address."""
    if isinstance(file.storage, FileSystemStorage):
        return f"/protected/files/{quote(str(file.name))}"
    address = urlsplit(file.url)
    return f"/protected/store{address.path}?{address.query}"
