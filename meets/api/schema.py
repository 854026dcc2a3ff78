"""What every address can answer besides what its view says; and what the schema's own reading of the serializers gets
wrong."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, build_bearer_security_scheme_object
from rest_framework.serializers import ChoiceField

from meets.api.serializers import CLOSED_IMAGE_FIELDS, ProblemSerializer

PROBLEM_TYPE = "application/problem+json"
# What each says, wherever it is answered. Nothing has been written then.
PROBLEMS = {
    400: "A value, a parameter or the body is missing or wrong.",
    401: "No token or session, or one that has ended.",
    403: "Not your part in this meet, or not within what the token may do.",
    404: "No such row in your meets, or nothing at this address.",
    406: "None of the kinds of answer that were asked for.",
    409: "What stands now does not allow it: a closed meet, a row that others hang on, a change at the same moment.",
    412: "The row is not what If-Match says: somebody changed it since.",
    413: "The body is too large.",
    415: "The body is of a kind that is not read here.",
    422: "The body can be read, and asks for what cannot be done.",
    429: "Too many requests; Retry-After says how long to wait, where that is known.",
}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a token is sent."""

    target_class = "meets.api.auth.TokenAuthentication"
    name = "knoxApiToken"

    def get_security_definition(self, auto_schema: Any) -> Any:
        return build_bearer_security_scheme_object(header_name="Authorization", token_prefix="Token")  # noqa: S106


class Schema(AutoSchema):
    """Adds the problems and the ETags that come from what all views share, so that no view has to name them."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        responses = operation["responses"]
        for status in self._problems(operation):
            responses[str(status)] = self._problem(status).ref
        if getattr(self.view, "tagged", False):
            self._tag(operation)
        operation["responses"] = dict(sorted(responses.items()))
        return operation

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        """A field that is only read forgets that it may be empty, and its schema with it."""
        if isinstance(field, ChoiceField) and field.read_only and _may_be_blank(field):
            field.allow_blank = True
        return super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]

    def _problems(self, operation: dict[str, Any]) -> Iterator[int]:
        is_safe, has_body = self.method in ("GET", "HEAD"), "requestBody" in operation
        # Views of the schema itself are open to anybody, and so is signing in, which refuses by 403 and 429.
        is_open = {} in operation.get("security", [{}])
        yield from (404, 406, 429)
        if not is_open or not is_safe:
            yield from (401, 403)
        if not is_safe:
            yield from (400, 409, 413, 422)
        elif any(parameter["in"] == "query" for parameter in operation.get("parameters", ())):
            yield 400
        if has_body:
            yield 415
        if getattr(self.view, "tagged", False) and self.method in ("PATCH", "DELETE"):
            yield 412

    def _problem(self, status: int) -> ResolvedComponent:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name=f"Problem{status}",
            type=ResolvedComponent.RESPONSE,
            schema={
                "description": PROBLEMS[status],
                "content": {PROBLEM_TYPE: {"schema": self.resolve_serializer(ProblemSerializer, "response").ref}},
            },
            object=f"Problem{status}",
        )
        self.registry.register_on_missing(component)
        return component

    def _tag(self, operation: dict[str, Any]) -> None:
        if self.method == "GET":
            operation["responses"]["304"] = {"description": "It is what If-None-Match says."}
            operation["responses"]["200"]["headers"] = {"ETag": {"schema": {"type": "string"}}}
            named = "If-None-Match", "An ETag; what is still the same is not sent again."
        else:
            named = "If-Match", "The ETag that you read; what was changed since is not written."
            if self.method == "PATCH":
                # 202 of a photo, which is read again.
                done = operation["responses"].get("200") or operation["responses"]["202"]
                done["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "Of the row as it is now."}}
        name, description = named
        parameter = {"in": "header", "name": name, "schema": {"type": "string"}, "description": description}
        operation.setdefault("parameters", []).append(parameter)


def _may_be_blank(field: ChoiceField) -> bool:
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    try:
        return model is not None and bool(getattr(model._meta.get_field(field.source), "blank", False))
    except FieldDoesNotExist:
        return False


def problems_are_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Refusals that a view names itself have the type that they are sent with."""
    shape = {"$ref": "#/components/schemas/Problem"}
    for operation in (one for path in result["paths"].values() for one in path.values()):
        for response in operation["responses"].values():
            contents = response.get("content", {})
            if any(content.get("schema") == shape for content in contents.values()):
                response["content"] = {PROBLEM_TYPE: {"schema": shape}}
    return result


def closed_left_out(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Fields that an answer leaves out while its evidence is closed are not required in it."""
    schemas = result["components"]["schemas"]
    for name in ("ImageResult", "ImageFull"):
        schemas[name]["required"] = [field for field in schemas[name]["required"] if field in CLOSED_IMAGE_FIELDS]
    for name in ("AttemptResult", "AttemptFull"):
        schemas[name]["required"] = [field for field in schemas[name]["required"] if field != "flag"]
    return result
