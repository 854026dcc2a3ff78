"""What goes in and out of the API. Checking beyond types is the writers' work, in meets.roster and meets.intake."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from judging.pose import Phase, View
from meets import intake
from meets.accepted import weights_passed
from meets.models import (
    CAMERA_FIGURES,
    Assessment,
    Attempt,
    AttemptImage,
    Camera,
    Category,
    Entry,
    Finding,
    Flag,
    ImageReason,
    Lifter,
    Meet,
    Platform,
    Reading,
    Session,
    Vote,
)
from meets.results import figures_read

OPEN = "open"
# What a referee reads in place of the findings until the own light is given.
BLIND = "opens_after_your_light"
# What everybody else reads until the officials have decided.
LIGHTS_FIRST = "opens_after_the_lights"
# Why a photo that was read has no assessment to show.
NOT_PASSED = "engine_not_passed"
# Until then a photo is known to be there, and no more: how it went on the line already tells of what was found.
CLOSED_IMAGE_FIELDS = ("id", "url", "attempt", "width", "height", "uploaded_at", "purged", "evidence")


def _evidence() -> serializers.ChoiceField:
    return serializers.ChoiceField(
        choices=(OPEN, BLIND, LIGHTS_FIRST), read_only=True, help_text="Whether findings are shown to you now."
    )


def closed_word(context: Mapping[str, Any]) -> str:
    """Why the evidence is not shown to the caller yet."""
    return BLIND if context.get("is_referee") else LIGHTS_FIRST


class MeetSerializer(serializers.ModelSerializer[Meet]):
    """``engine`` is the kind whose readings count, ``engines_also`` the others that read every photo as well.

    ``evidence_mode`` "live" takes ``live_permission``: who in the federation allowed it, and when. Both are the head's
    to change. ``photos_keep_days`` counts from the first day; null until somebody deletes the photos.
    """

    engines_also = serializers.ListField(child=serializers.CharField(max_length=20), max_length=10, required=False)

    class Meta:
        model = Meet
        fields = (
            "id", "name", "federation", "country", "state", "town", "starts_on", "rulebook", "engine", "engines_also",
            "evidence_mode", "live_permission", "formula", "photos_keep_days", "status", "revision",
        )  # fmt: skip
        read_only_fields = ("revision",)


class MeSerializer(serializers.Serializer[Any]):
    """Who the caller is, and the caller's part in each meet."""

    username = serializers.CharField()
    may_create_meets = serializers.BooleanField()
    meets = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))


class WorkersOfKindSerializer(serializers.Serializer[Any]):
    engine = serializers.CharField()
    alive = serializers.BooleanField()
    answering = serializers.BooleanField()


class WorkersSerializer(serializers.Serializer[Any]):
    """Of any worker, and by kind of engine: a meet's photos wait for those of its own engine."""

    alive = serializers.BooleanField()
    answering = serializers.BooleanField()
    engines = WorkersOfKindSerializer(many=True)


class PlatformSerializer(serializers.ModelSerializer[Platform]):
    class Meta:
        model = Platform
        fields = ("id", "name")


class CameraSerializer(serializers.ModelSerializer[Camera]):
    """``x0``, ``y0``, ``x1``, ``y1``: where the platform is in its pictures, 0 to 1 of their width and height
    from the top left; all null for the whole picture.

    What somebody measured, each null where nobody did: ``height_cm`` lens above the platform's floor, ``distance_cm``
    lens to lifter along the floor, ``roll_deg`` positive when level things rise towards the photo's right,
    ``angle_deg`` off square to the lifter's side, positive towards the front or the bench's foot end, negative towards
    the rear or its head end, ``plate_share`` how wide a 45 cm plate looks that stands upright and square to the lens at
    the lifter's place, as a share of the photo's longer side.
    """

    class Meta:
        model = Camera
        fields = ("id", "name", "view", "x0", "y0", "x1", "y1", *CAMERA_FIGURES)


RowT = TypeVar("RowT", bound=Model)
# What the meet's staff alone are shown of a lifter.
PERSONAL_FIELDS = frozenset({"birth_date", "consent", "notes"})


class PersonalSerializer(serializers.ModelSerializer[RowT]):
    """Leaves out what only staff may see, unless ``is_staff`` in its context says that it is staff who asks: a view
    that says nothing shows too little."""

    def to_representation(self, row: RowT) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(row)
        if self.context.get("is_staff"):
            return shown
        return {name: value for name, value in shown.items() if name not in PERSONAL_FIELDS}


class LifterSerializer(PersonalSerializer[Lifter]):
    """``birth_year`` follows ``birth_date`` where there is one. ``birth_date`` is left out for all but staff."""

    class Meta:
        model = Lifter
        fields = ("id", "name", "sex", "birth_year", "birth_date", "country", "state", "team", "member_id")


class SessionSerializer(serializers.ModelSerializer[Session]):
    class Meta:
        model = Session
        fields = ("id", "number", "name", "weigh_in_at", "starts_at")


class InMeet(serializers.PrimaryKeyRelatedField[Any]):
    """A row of the meet that the view works in: another meet's id reads as one that does not exist."""

    to_meet = "meet"

    def get_queryset(self) -> Any:
        # Without a meet only the schema is being drawn.
        rows = super().get_queryset()
        return None if rows is None else rows.filter(**{self.to_meet: self.context.get("meet")})

    def to_internal_value(self, data: Any) -> Any:
        try:
            return super().to_internal_value(data)
        except ValidationError:  # text that is no UUID
            self.fail("does_not_exist", pk_value=data)


class CategorySerializer(serializers.ModelSerializer[Category]):
    """``event``: which lifts count together. ``division`` may be empty."""

    class Meta:
        model = Category
        fields = ("division", "event")
        # Whether one stands twice is the writer's to say.
        validators: list[Any] = []


def _waive(help_text: str) -> serializers.CharField:
    return serializers.CharField(max_length=300, required=False, allow_blank=True, write_only=True, help_text=help_text)


class EntrySerializer(PersonalSerializer[Entry]):
    """An empty ``weight_class`` is filled in from ``bodyweight_kg`` where the federation's classes are known; one that
    does not fit is refused as ``class_misfit``, naming the class that does. ``categories`` replace all that stood.
    Racks are as the pins are marked. ``tested`` null: nobody said. ``consent`` and ``notes`` are left out for all but
    staff."""

    lifter = InMeet(queryset=Lifter.objects.all())
    session = InMeet(queryset=Session.objects.all(), allow_null=True, required=False)
    platform = InMeet(queryset=Platform.objects.all(), allow_null=True, required=False)
    categories = CategorySerializer(many=True, required=False, max_length=20)  # type: ignore[call-arg]
    waive_reason = _waive("Why a class stands that the bodyweight is not in. It goes into the log.")

    class Meta:
        model = Entry
        fields = (
            "id", "lifter", "session", "platform", "flight", "lot", "weight_class", "bodyweight_kg", "equipment",
            "squat_rack", "bench_rack", "bench_safety", "bench_blocks", "guest", "disqualified", "tested", "consent",
            "notes", "categories", "waive_reason",
        )  # fmt: skip
        # The lot is unique in the meet, which the writer checks; DRF's own check needs the meet in the body.
        validators: list[Any] = []


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    """``is_record``: at a record, which may be no multiple of the rule book's step. ``version`` goes up with whatever
    changes what a vote is about, ``take`` when the jury gives the attempt again."""

    entry = InMeet(queryset=Entry.objects.all())
    waive_reason = _waive("Why a weight stands that the rule book does not allow. It goes into the log.")

    class Meta:
        model = Attempt
        fields = (
            "id", "entry", "lift", "number", "declared_kg", "is_record", "waive_reason", "changes", "version", "take",
            "called_at", "outcome", "decided_at", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = (
            "changes", "version", "take", "called_at", "outcome", "decided_at", "created_at", "updated_at",
        )  # fmt: skip
        validators: list[Any] = []


class FindingSerializer(serializers.ModelSerializer[Finding]):
    class Meta:
        model = Finding
        fields = (
            "rule", "side", "outcome", "reason", "detail",
            "margin_cm", "sigma_cm", "margin_limb", "sigma_limb", "limb", "p_breach",
        )  # fmt: skip


class FindingWithMarksSerializer(FindingSerializer):
    class Meta(FindingSerializer.Meta):
        fields = (*FindingSerializer.Meta.fields, "marks")  # type: ignore[assignment]


class VoteSerializer(serializers.ModelSerializer[Vote]):
    class Meta:
        model = Vote
        fields = ("pair", "annotation", "view", "verdict", "distance", "gold_distance")


class CameraFiguresSerializer(serializers.Serializer[Any]):
    """What the reading was told of the camera; null where nobody had measured."""

    height_cm = serializers.FloatField(allow_null=True)
    distance_cm = serializers.FloatField(allow_null=True)
    roll_deg = serializers.FloatField(allow_null=True)
    angle_deg = serializers.FloatField(allow_null=True)
    plate_share = serializers.FloatField(allow_null=True)


class AssessmentSerializer(serializers.ModelSerializer[Assessment]):
    """``engine_passed``: its engine, with these weights, has passed the gold gate. Others are shown at a training
    alone. ``lift_seen`` is what the lifter's pose looks like, ``picture_lift`` what the picture as a whole does to
    ``picture_model``; ``picture_p`` is null where there is none."""

    findings = FindingSerializer(many=True)
    engine_passed = serializers.SerializerMethodField()
    camera = serializers.SerializerMethodField()

    class Meta:
        model = Assessment
        fields = (
            "engine_kind", "engine", "weights_sha256", "engine_passed", "rulebook", "gold_set", "camera", "flag",
            "lifter_found", "lifter_margin", "lift_seen", "lift_p", "picture_lift", "picture_p", "picture_model",
            "networks",
            "phase_seen", "phase_p", "phase_stated", "view_seen", "view_p", "view_stated", "vote_pairs", "vote_kappa",
            "created_at", "findings",
        )  # fmt: skip

    def get_engine_passed(self, assessment: Assessment) -> bool:
        return weights_passed(assessment.engine_kind, assessment.weights_sha256)

    @extend_schema_field(CameraFiguresSerializer)
    def get_camera(self, assessment: Assessment) -> dict[str, float | None]:
        return figures_read(assessment.stated_camera)


class AssessmentFullSerializer(AssessmentSerializer):
    findings = FindingWithMarksSerializer(many=True)
    votes = VoteSerializer(many=True)

    class Meta(AssessmentSerializer.Meta):
        fields = (*AssessmentSerializer.Meta.fields, "people", "keypoints", "raw_scores", "timings_ms", "votes")  # type: ignore[assignment]


class ReadingSerializer(serializers.ModelSerializer[Reading]):
    """The photo, as one kind of engine was asked to read it."""

    class Meta:
        model = Reading
        fields = ("engine", "status", "reason", "tries", "asked_at", "finished_at")
        read_only_fields = fields


class ImageSerializer(serializers.ModelSerializer[Any]):
    """A photo and where it stands on the line: ``status`` and ``reason`` are those of the reading that counts.
    ``reason_text`` says what is wrong and what to do.

    ``lift_said``: staff say that it shows its attempt's lift, and no model is asked for the lift any more.
    ``set_aside``: staff say that it belongs to no attempt; it is kept, but neither read nor counted. ``purged``: its
    picture was deleted, as the meet's retention or its lifter asked.
    """

    reason_text = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField(help_text="Where to ask for its status.")
    readings = ReadingSerializer(many=True, read_only=True)
    lifter_at = serializers.ListField(
        child=serializers.FloatField(),
        allow_null=True,
        read_only=True,
        help_text="Where staff said that the lifter is.",
    )
    lifter_hidden = serializers.BooleanField(
        read_only=True, help_text="Staff said that the lifter is none of those who could be read."
    )
    lift_said = serializers.BooleanField(read_only=True)
    set_aside = serializers.BooleanField(read_only=True)
    purged = serializers.BooleanField(read_only=True)

    class Meta:
        model = AttemptImage
        fields = (
            "id", "url", "attempt", "status", "reason", "reason_text", "readings", "view", "phase", "camera",
            "lifter_at", "lifter_hidden", "lift_said", "set_aside", "purged", "file_name", "sha256", "width", "height",
            "uploaded_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_reason_text(self, image: AttemptImage) -> str:
        return ImageReason(image.reason).label if image.reason else ""

    def get_url(self, image: AttemptImage) -> str:
        return reverse("api:image-detail", args=[image.pk])


class ImageResultSerializer(ImageSerializer):
    """A photo, ``evidence``, and the assessment: null until there is one that may be shown. ``withheld`` says why there
    is none of a photo that was read: ``engine_not_passed`` at a live meet whose engine's weights have not passed the
    gold gate.

    While it is not open to you, only id, url, attempt, width, height, uploaded_at, purged and evidence are there.
    """

    evidence = _evidence()
    withheld = serializers.ChoiceField(choices=(NOT_PASSED,), allow_blank=True, read_only=True, required=False)
    assessment = AssessmentSerializer(read_only=True, required=False, allow_null=True)

    class Meta(ImageSerializer.Meta):
        fields = (*ImageSerializer.Meta.fields, "evidence", "withheld", "assessment")  # type: ignore[assignment]

    def to_representation(self, result: Any) -> dict[str, Any]:
        shown = dict(ImageSerializer(result.image).data)
        shown["evidence"] = OPEN if result.is_open else closed_word(self.context)
        if not result.is_open:
            # Staff must know which photos to take again; what a rule has measured is not in here either way.
            names = (*ImageSerializer.Meta.fields, "evidence") if self.context.get("is_staff") else CLOSED_IMAGE_FIELDS
            return {name: shown[name] for name in names}
        seen = result.assessment
        shown["withheld"] = NOT_PASSED if result.withheld else ""
        shown["assessment"] = self.fields["assessment"].to_representation(seen) if seen else None
        return shown


class ImageFullSerializer(ImageResultSerializer):
    """``also`` holds what the other engines saw; none of it counts."""

    assessment = AssessmentFullSerializer(read_only=True, required=False, allow_null=True)
    also = AssessmentSerializer(many=True, read_only=True, required=False)

    class Meta(ImageResultSerializer.Meta):
        fields = (*ImageResultSerializer.Meta.fields, "also")  # type: ignore[assignment]

    def to_representation(self, result: Any) -> dict[str, Any]:
        shown = super().to_representation(result)
        if result.is_open:
            shown["also"] = self.fields["also"].to_representation(result.also)
        return shown


class ImageUploadSerializer(serializers.Serializer[Any]):
    """multipart/form-data. ``view``, ``phase`` and ``camera`` are what you know; leave out what you do not. A camera's
    view stands where you state none."""

    file = serializers.FileField(
        # Refusing an empty file, and reading the name, is the intake's work, with its own sentences.
        allow_empty_file=True,
        error_messages={"required": "Send the photo as the field 'file' of a multipart form."},
    )
    view = serializers.ChoiceField(choices=[view.value for view in View], required=False, allow_blank=True)
    phase = serializers.ChoiceField(choices=[phase.value for phase in Phase], required=False, allow_blank=True)
    camera = InMeet(queryset=Camera.objects.all(), required=False, allow_null=True)


class ImageRestateSerializer(serializers.Serializer[Any]):
    """What the photo shows; empty or null for not known. What is left out stays as it was.

    ``lifter_at`` is where the lifter is, when there are several people: x and y as parts of the photo's width and
    height, 0 to 1. ``lifter_hidden``: none of those who were read is he; not both.
    """

    view = serializers.ChoiceField(choices=[view.value for view in View], required=False, allow_blank=True)
    phase = serializers.ChoiceField(choices=[phase.value for phase in Phase], required=False, allow_blank=True)
    camera = InMeet(queryset=Camera.objects.all(), required=False, allow_null=True)
    lifter_at = serializers.ListField(
        child=serializers.FloatField(min_value=0, max_value=1),
        min_length=2,
        max_length=2,
        required=False,
        allow_null=True,
    )
    lifter_hidden = serializers.BooleanField(required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given.get("lifter_hidden") and given.get("lifter_at") is not None:
            raise serializers.ValidationError({"lifter_hidden": [intake.PLACE_OR_HIDDEN]})
        return given


class AttemptInMeet(InMeet):
    """An attempt of the meet that the view works in."""

    to_meet = "entry__meet"


class ImageMoveSerializer(serializers.Serializer[Any]):
    """The attempt that the photo belongs to, in the same meet."""

    attempt = AttemptInMeet(queryset=Attempt.objects.all())


class ImageReceiptSerializer(ImageSerializer):
    """``created`` is false when these bytes, or this Idempotency-Key, were here before: then it is that photo."""

    created = serializers.BooleanField(read_only=True)

    class Meta(ImageSerializer.Meta):
        fields = ("created", *ImageSerializer.Meta.fields)  # type: ignore[assignment]

    def to_representation(self, receipt: Any) -> dict[str, Any]:
        image, created = receipt
        return {"created": created, **ImageSerializer(image).data}


class EntryShownSerializer(serializers.ModelSerializer[Entry]):
    lifter = LifterSerializer()
    platform = serializers.CharField(source="platform.name", default="")

    class Meta:
        model = Entry
        fields = ("id", "lot", "flight", "platform", "weight_class", "bodyweight_kg", "equipment", "lifter")


class AttemptResultSerializer(serializers.ModelSerializer[Any]):
    """An attempt with its photos; ``flag`` is the most urgent of theirs, left out while it is not open to you."""

    entry = EntryShownSerializer()
    evidence = _evidence()
    flag = serializers.ChoiceField(choices=Flag.choices, read_only=True, required=False, allow_null=True)
    images = ImageResultSerializer(many=True)

    class Meta:
        model = Attempt
        fields = ("id", "lift", "number", "declared_kg", "entry", "evidence", "flag", "images")

    def to_representation(self, result: Any) -> dict[str, Any]:
        attempt: Attempt = result.attempt
        return {
            "id": str(attempt.pk),
            "lift": attempt.lift,
            "number": attempt.number,
            "declared_kg": str(attempt.declared_kg),
            "entry": EntryShownSerializer(attempt.entry, context=self.context).data,
            "evidence": OPEN if result.is_open else closed_word(self.context),
            **({"flag": result.flag} if result.is_open else {}),
            "images": self.fields["images"].to_representation(result.images),
        }


class AttemptFullSerializer(AttemptResultSerializer):
    images = ImageFullSerializer(many=True)


class ResultsSerializer(serializers.Serializer[Any]):
    meet = MeetSerializer()
    attempts = AttemptResultSerializer(many=True)


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457. ``detail`` is one sentence for a person."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    reason = serializers.CharField(required=False)
    errors = serializers.DictField(required=False)  # type: ignore[assignment]


class TokenRequestSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=4096, trim_whitespace=False, write_only=True)


class TokenSerializer(serializers.Serializer[Any]):
    """Send it as ``Authorization: Token …``. It is shown once."""

    token = serializers.CharField()
    expiry = serializers.DateTimeField()
