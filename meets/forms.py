"""What the staff pages ask for. The forms only read and explain; meets.roster checks whole rows and writes them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from judging.pose import Lift, Phase, View
from judging.rulebook import rulebook_ids
from meets.models import (
    CAMERA_FIGURES,
    Attempt,
    Camera,
    Consent,
    Entry,
    Equipment,
    Event,
    EvidenceMode,
    Formula,
    Lifter,
    Meet,
    MeetStatus,
    Membership,
    Platform,
    Role,
    Seat,
    Session,
    Sex,
    engine_kinds,
)
from meets.selectors import words

PLAIN = {
    "required": "Fill this in.",
    "invalid": "This cannot be read as what is asked for here.",
    "invalid_choice": "Choose one of the list.",
}
NOT_KNOWN = ("", "not known")


class PlainForm(forms.Form):
    """Plain sentences for what is wrong, and the writers' own refusals beside the field that they are about."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.error_messages.update({key: text for key, text in PLAIN.items() if key in field.error_messages})
            if isinstance(field, forms.DecimalField | forms.IntegerField):
                field.error_messages["invalid"] = "Write a number."
            if isinstance(field, forms.DateTimeField):
                field.error_messages["invalid"] = "Write a moment as 2026-03-01 09:00."
            elif isinstance(field, forms.DateField):
                field.error_messages["invalid"] = "Write a day as 2026-03-01."
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"hint_{name}"

    def refuse(self, error: ValidationError) -> None:
        """Puts a writer's refusal where it belongs; what concerns no field of this form goes on top."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, faults in error.error_dict.items():
            self.add_error(name if name in self.fields else None, faults)


class MeetForm(PlainForm):
    name = forms.CharField(max_length=120)
    starts_on = forms.DateField(label="First day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    federation = forms.CharField(max_length=40, required=False)
    country = forms.CharField(max_length=60, required=False)
    state = forms.CharField(max_length=60, required=False)
    town = forms.CharField(max_length=80, required=False)
    formula = forms.ChoiceField(label="Points", choices=Formula.choices, help_text="They rank the best lifters.")
    rulebook = forms.ChoiceField(label="Rule book")
    engine = forms.ChoiceField(
        label="Engine that counts", help_text="Its readings stand on the board. Changed, it reads earlier photos too."
    )
    engines_also = forms.MultipleChoiceField(
        label="Also read by",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Every photo is read by these as well, for the record; what they see does not count.",
    )
    evidence_mode = forms.ChoiceField(
        label="A referee sees the evidence",
        choices=EvidenceMode.choices,
        help_text="Blind first is the rule at a meet; training opens everything at once. The head alone changes it.",
    )
    live_permission = forms.CharField(
        label="Permission for findings before the lights",
        max_length=200,
        required=False,
        help_text="For live alone: who in the federation allowed it, and when. The head alone changes it.",
    )
    photos_keep_days = forms.IntegerField(
        label="Photos are kept for, days",
        required=False,
        min_value=1,
        max_value=3650,
        help_text="After the first day. Empty: until somebody deletes them.",
    )
    status = forms.ChoiceField(
        choices=MeetStatus.choices,
        help_text="A closed meet takes no photos, lights or changes until it is opened again.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rulebook"].choices = [(name, name) for name in rulebook_ids()]  # type: ignore[attr-defined]
        engines = [(kind.value, f"{kind.label} · {words.ENGINE_PLACES[kind]}") for kind in engine_kinds()]
        for name in ("engine", "engines_also"):
            self.fields[name].choices = engines  # type: ignore[attr-defined]


class NewMeetForm(MeetForm):
    status = None  # type: ignore[assignment]


class PlatformForm(PlainForm):
    name = forms.CharField(max_length=40, label="New platform")


def _figure(name: str, label: str, help_text: str) -> forms.FloatField:
    """What may be measured of a camera."""
    least, most = CAMERA_FIGURES[name]
    return forms.FloatField(
        label=label,
        required=False,
        min_value=least,
        max_value=most,
        help_text=help_text,
        error_messages=dict.fromkeys(
            ("min_value", "max_value"), f"Write a number from {least:g} to {most:g}, or leave it empty."
        ),
    )


class CameraForm(PlainForm):
    """A camera; the platform's part of its pictures in percent, as people point at it."""

    name = forms.CharField(max_length=40)
    view = forms.ChoiceField(
        label="Stands at",
        required=False,
        choices=[NOT_KNOWN, *((view.value, words.VIEW_WORDS[view]) for view in View)],
        help_text="For photos of which nothing else is said.",
    )
    x0 = forms.FloatField(label="Left edge, %", required=False, min_value=0, max_value=100)
    y0 = forms.FloatField(label="Top edge, %", required=False, min_value=0, max_value=100)
    x1 = forms.FloatField(label="Right edge, %", required=False, min_value=0, max_value=100)
    y1 = forms.FloatField(label="Bottom edge, %", required=False, min_value=0, max_value=100)

    height_cm = _figure(
        "height_cm",
        "Lens height, cm",
        "Tape up to the middle of the lens, from the floor that the lifter stands on: a raised platform, not the hall.",
    )
    distance_cm = _figure(
        "distance_cm",
        "Distance to the lifter, cm",
        "Tape along the floor, from below the lens to the middle of the lifter's place.",
    )
    roll_deg = _figure(
        "roll_deg",
        "Roll, degrees",
        "A phone's level on top of the camera, held as it takes photos: 0 when level; plus when level things rise "
        "towards the photo's right, minus when they rise towards its left.",
    )
    angle_deg = _figure(
        "angle_deg",
        "Angle off the lifter's side, degrees",
        "0 looks at the side squarely, along the bar; plus when the camera stands towards the lifter's front or the "
        "bench's foot end, minus towards the rear or the head end. By eye to ten degrees will do.",
    )
    plate_share = _figure(
        "plate_share",
        "Plate's share of the photo",
        "Stand a 45 cm plate where the lifter lifts, upright and facing the camera, take a photo, and divide the "
        "plate's width by the photo's longer side, both in pixels (for example 0.12). Do not zoom afterwards.",
    )

    REGION = ("x0", "y0", "x1", "y1")

    def __init__(self, *args: Any, camera: Camera | None = None, **kwargs: Any) -> None:
        if camera is not None:
            parts = {name: getattr(camera, name) for name in self.REGION}
            percents = {name: None if part is None else round(part * 100, 1) for name, part in parts.items()}
            kwargs["initial"] = {"name": camera.name, "view": camera.view} | percents | camera.figures
        super().__init__(*args, **kwargs)
        for name in (*self.REGION, *CAMERA_FIGURES):
            self.fields[name].widget.attrs["step"] = "any"

    def camera_fields(self) -> dict[str, Any]:
        parts = {name: self.cleaned_data[name] for name in self.REGION}
        region = {name: None if part is None else round(part / 100, 3) for name, part in parts.items()}
        plain = {name: self.cleaned_data[name] for name in ("name", "view", *CAMERA_FIGURES)}
        return plain | region


TESTED = {"": None, "yes": True, "no": False}


class EntryForm(PlainForm):
    """A lifter and the lifter's entry, in one form. Where the entry competes stands in pairs of fields, division_1 and
    event_1 onwards; one without an event is none."""

    name = forms.CharField(max_length=120)
    sex = forms.ChoiceField(choices=Sex.choices)
    birth_date = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    birth_year = forms.IntegerField(
        required=False, min_value=1900, max_value=2100, help_text="Where the date is not known."
    )
    country = forms.CharField(max_length=60, required=False)
    state = forms.CharField(max_length=60, required=False)
    team = forms.CharField(max_length=80, required=False)
    member_id = forms.CharField(max_length=40, required=False, label="Member number")
    session = forms.ModelChoiceField(Session.objects.none(), required=False, empty_label="none yet")
    platform = forms.ModelChoiceField(Platform.objects.none(), required=False, empty_label="none yet")
    flight = forms.CharField(max_length=2, required=False)
    lot = forms.IntegerField(required=False, min_value=1, max_value=9999)
    equipment = forms.ChoiceField(choices=Equipment.choices)
    tested = forms.TypedChoiceField(
        label="Drug tested",
        required=False,
        choices=[("", "not noted"), ("yes", "yes"), ("no", "no")],
        coerce=TESTED.__getitem__,
        empty_value=None,
    )
    guest = forms.BooleanField(required=False, help_text="Lifts, and is never placed.")
    disqualified = forms.BooleanField(required=False, help_text="No total and no place.")
    bodyweight_kg = forms.DecimalField(required=False, label="Bodyweight, kg", max_digits=5, decimal_places=2)
    weight_class = forms.CharField(
        max_length=20, required=False, label="Class", help_text="83, 120+ … Empty: filled in from the bodyweight."
    )
    class_waive_reason = forms.CharField(
        max_length=200,
        required=False,
        label="Why this class stands all the same",
        help_text="Only where it was refused for the bodyweight. It goes into the log.",
    )
    consent = forms.ChoiceField(label="Consent to photos", required=False, choices=Consent.choices)
    notes = forms.CharField(max_length=200, required=False)
    squat_rack = forms.CharField(max_length=20, required=False, help_text="As the pins are marked: 12, 7/16, 7 in …")
    bench_rack = forms.CharField(max_length=20, required=False)
    bench_safety = forms.CharField(max_length=20, required=False)
    bench_blocks = forms.CharField(max_length=20, required=False, label="Blocks under the feet")

    LIFTER = ("name", "sex", "birth_date", "birth_year", "country", "state", "team", "member_id")
    COMPETES = ("session", "platform", "flight", "lot", "equipment", "tested", "guest", "disqualified")
    WEIGH_IN = ("bodyweight_kg", "weight_class", "class_waive_reason", "consent", "notes")
    RACK = ("squat_rack", "bench_rack", "bench_safety", "bench_blocks")
    ENTRY = (*COMPETES, *(name for name in WEIGH_IN if name != "class_waive_reason"), *RACK)
    # So many pairs there are at least, and at most.
    PAIRS, PAIRS_MOST = 3, 20

    def __init__(
        self, *args: Any, meet: Meet, entry: Entry | None = None, lifter: Lifter | None = None, **kwargs: Any
    ) -> None:
        """lifter: who gets another entry."""
        pairs: list[tuple[str, str]] = []
        if entry is not None:
            initial = {name: getattr(entry.lifter, name) for name in self.LIFTER}
            initial |= {name: getattr(entry, name) for name in self.ENTRY}
            initial["tested"] = next(word for word, value in TESTED.items() if value == entry.tested)
            pairs = list(entry.categories.values_list("division", "event"))
            for number, (division, event) in enumerate(pairs, start=1):
                initial |= {f"division_{number}": division, f"event_{number}": event}
            kwargs["initial"] = initial
        elif lifter is not None:
            kwargs["initial"] = {**kwargs.get("initial", {}), **{name: getattr(lifter, name) for name in self.LIFTER}}
        super().__init__(*args, **kwargs)
        self.meet, self.entry = meet, entry
        self.lifter = entry.lifter if entry else lifter
        self.fields["session"].queryset = Session.objects.filter(meet=meet)  # type: ignore[attr-defined]
        self.fields["platform"].queryset = Platform.objects.filter(meet=meet)  # type: ignore[attr-defined]
        self._pairs_add(len(pairs))

    def _pairs_add(self, had: int) -> None:
        """A pair more than there are, and as many as were sent: somebody may have added one in between."""
        sent = sum(f"event_{number}" in self.data for number in range(1, self.PAIRS_MOST + 1))
        self.pair_count = min(max(self.PAIRS, had + 1, sent), self.PAIRS_MOST)
        events = [("", "none"), *((event.value, f"{event.label} ({event.value})") for event in Event)]
        for number in range(1, self.pair_count + 1):
            self.fields[f"division_{number}"] = forms.CharField(
                max_length=60, required=False, label=f"Division {number}"
            )
            self.fields[f"event_{number}"] = forms.ChoiceField(
                choices=events, required=False, label=f"Event {number}", error_messages=PLAIN
            )

    def pairs(self) -> Iterator[forms.BoundField]:
        for number in range(1, self.pair_count + 1):
            yield self[f"division_{number}"]
            yield self[f"event_{number}"]

    def clean_lot(self) -> int | None:
        lot: int | None = self.cleaned_data["lot"]
        taken = Entry.objects.filter(meet=self.meet, lot=lot)
        if self.entry is not None:
            taken = taken.exclude(pk=self.entry.pk)
        if lot is not None and (other := taken.select_related("lifter").first()):
            raise ValidationError(f"Lot {lot} is {other.lifter.name}'s. Give another number.")
        return lot

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for number in range(1, self.pair_count + 1):
            if cleaned.get(f"division_{number}") and cleaned.get(f"event_{number}") == "":
                self.add_error(f"event_{number}", "Choose the event of this division.")
        # Who corrects the date alone means the year that it is of.
        if cleaned.get("birth_date") and "birth_date" in self.changed_data and "birth_year" not in self.changed_data:
            cleaned["birth_year"] = cleaned["birth_date"].year
        return cleaned

    def lifter_fields(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.LIFTER}

    def entry_fields(self) -> dict[str, Any]:
        """What roster.entry_create and entry_update take."""
        pairs = [
            (self.cleaned_data[f"division_{number}"], self.cleaned_data[f"event_{number}"])
            for number in range(1, self.pair_count + 1)
        ]
        return {
            **{name: self.cleaned_data[name] for name in self.ENTRY},
            "categories": [pair for pair in pairs if pair[1]],
            "waive_reason": self.cleaned_data["class_waive_reason"],
        }


def _moment(label: str) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In UTC.",
    )


class SessionForm(PlainForm):
    number = forms.IntegerField(min_value=1, max_value=99)
    name = forms.CharField(max_length=60, required=False)
    weigh_in_at = _moment("Weigh-in")
    starts_at = _moment("Start")


class ChairForm(PlainForm):
    """A referee's chair in a session."""

    seat = forms.ChoiceField(choices=Seat.choices)
    platform = forms.ModelChoiceField(Platform.objects.none(), required=False, empty_label="all platforms")

    def __init__(self, *args: Any, meet: Meet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["platform"].queryset = Platform.objects.filter(meet=meet)  # type: ignore[attr-defined]


class SeatingForm(ChairForm):
    """Puts one of the meet's referees into a chair."""

    user = forms.ModelChoiceField(User.objects.none(), label="Referee", empty_label=None)

    def __init__(self, *args: Any, meet: Meet, **kwargs: Any) -> None:
        super().__init__(*args, meet=meet, **kwargs)
        referees = Membership.objects.filter(meet=meet, role=Role.REFEREE, user__is_active=True)
        self.fields["user"].queryset = User.objects.filter(  # type: ignore[attr-defined]
            pk__in=referees.values("user")
        ).order_by("username")


class AttemptsForm(PlainForm):
    """Three lifts, three attempts each: a weight adds or changes one, an emptied cell takes it away."""

    def __init__(self, *args: Any, attempts: list[Attempt], **kwargs: Any) -> None:
        self.had = {(attempt.lift, attempt.number): attempt for attempt in attempts}
        super().__init__(*args, **kwargs)
        self.fields["waive_reason"] = forms.CharField(
            required=False,
            max_length=200,
            label="Why a rule about weights is waived",
            help_text="Only where a weight was refused and shall stand all the same. It goes into the log.",
        )
        for lift in Lift:
            for number in (1, 2, 3):
                attempt = self.had.get((lift.value, number))
                self.fields[f"{lift.value}_{number}"] = forms.DecimalField(
                    required=False,
                    min_value=Decimal("2.5"),
                    max_value=Decimal("700"),
                    max_digits=5,
                    decimal_places=2,
                    initial=f"{attempt.declared_kg:f}".rstrip("0").rstrip(".") if attempt else None,
                    label=f"{words.LIFT_WORDS[lift]}, {words.ORDINALS[number]} attempt, kg",
                    error_messages={"invalid": "Write a weight in kg, like 142.5."},
                    widget=forms.NumberInput(attrs={"step": "0.5", "inputmode": "decimal"}),
                )

    def rows(self) -> Iterator[tuple[str, list[tuple[forms.BoundField, Attempt | None]]]]:
        for lift in Lift:
            cells = [(self[f"{lift.value}_{number}"], self.had.get((lift.value, number))) for number in (1, 2, 3)]
            yield words.LIFT_WORDS[lift], cells

    def changes(self) -> Iterator[tuple[str, int, Attempt | None, Decimal | None]]:
        """lift, number, the attempt that stands, the weight asked for: only where the two differ."""
        for lift in Lift:
            for number in (1, 2, 3):
                attempt, weight = self.had.get((lift.value, number)), self.cleaned_data[f"{lift.value}_{number}"]
                if (attempt.declared_kg if attempt else None) != weight:
                    yield lift.value, number, attempt, weight


class MemberForm(PlainForm):
    """Gives a person with an account their part in the meet."""

    user_name = forms.CharField(max_length=150)
    role = forms.ChoiceField(choices=Role.choices)
    seat = forms.ChoiceField(choices=[("", "none"), *Seat.choices], required=False, help_text="For a referee.")

    def clean_user_name(self) -> User:
        user = User.objects.filter(username=self.cleaned_data["user_name"], is_active=True).first()
        if user is None:
            raise ValidationError("There is no account of that name. Whoever runs this site makes accounts.")
        return user

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("seat") and cleaned.get("role") != Role.REFEREE:
            self.add_error("seat", "Only a referee has a seat.")
        return cleaned


class StatedForm(PlainForm):
    """What somebody knows of a photo."""

    view = forms.ChoiceField(
        label="Camera stands at",
        required=False,
        choices=[NOT_KNOWN, *((view.value, words.VIEW_WORDS[view]) for view in View)],
    )
    phase = forms.ChoiceField(
        label="Moment",
        required=False,
        choices=[NOT_KNOWN, *((phase.value, words.PHASE_WORDS[phase]) for phase in Phase)],
    )
    camera = forms.TypedChoiceField(label="Camera", required=False, empty_value=None)

    def __init__(self, *args: Any, cameras: list[Camera], **kwargs: Any) -> None:
        """cameras: the meet's; without any, the form does not ask."""
        super().__init__(*args, **kwargs)
        if not cameras:
            del self.fields["camera"]
            return
        by_id = {str(camera.pk): camera for camera in cameras}
        field: Any = self.fields["camera"]
        field.choices = [("", "none of the meet's"), *((key, camera.name) for key, camera in by_id.items())]
        field.coerce = by_id.__getitem__


class UploadForm(StatedForm):
    """One photo and what its uploader knows of it. Works without scripts, one file at a time."""

    photo = forms.FileField(error_messages={"required": "Choose a photo.", "empty": "This file is empty."})
    phase = forms.ChoiceField(
        label="Moment",
        required=False,
        choices=StatedForm.base_fields["phase"].choices,  # type: ignore[attr-defined]
        help_text="A breach is only called where somebody has said which moment this is.",
    )


class PasswordForm(PasswordChangeForm):
    """The account's own password; the rules for a good one are the settings'."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.error_messages = self.error_messages | {
            "password_incorrect": "This is not your present password. Capital letters count.",
            "password_mismatch": "The two new passwords differ. Write the new one twice.",
        }
        labels = {
            "old_password": "Present password",
            "new_password1": "New password",
            "new_password2": "New password once more",
        }
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].help_text = ""
            self.fields[name].error_messages["required"] = PLAIN["required"]
        self.fields["new_password1"].help_text = "At least ten characters, not only a common word or your own name."
        self.fields["new_password1"].widget.attrs["aria-describedby"] = "hint_new_password1"
