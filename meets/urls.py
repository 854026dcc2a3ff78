"""Addresses of the pages."""

from django.contrib.auth import views as auth
from django.urls import path

from meets.views import account, attempt, board, cameras, media, staff, tokens, unmatched, upload

urlpatterns = [
    path("login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password/", account.PasswordChange.as_view(), name="password-change"),
    path("tokens/", tokens.token_list, name="token-list"),
    path("tokens/<str:token_id>/end/", tokens.token_end, name="token-end"),
    path("", board.meet_list, name="meet-list"),
    path("meets/new/", staff.meet_create, name="meet-create"),
    path("meets/<uuid:meet_id>/", board.meet_board, name="meet-board"),
    path("meets/<uuid:meet_id>/rows/", board.meet_board_rows, name="meet-board-rows"),
    path("meets/<uuid:meet_id>/edit/", staff.meet_edit, name="meet-edit"),
    path("meets/<uuid:meet_id>/lifters/", staff.lifter_list, name="lifter-list"),
    path("meets/<uuid:meet_id>/lifters/new/", staff.lifter_create, name="lifter-create"),
    path("meets/<uuid:meet_id>/cameras/", cameras.camera_list, name="camera-list"),
    path("cameras/<int:camera_id>/", cameras.camera_edit, name="camera-edit"),
    path("cameras/<int:camera_id>/delete/", cameras.camera_delete, name="camera-delete"),
    path("meets/<uuid:meet_id>/members/", staff.member_list, name="member-list"),
    path("meets/<uuid:meet_id>/members/<int:user_id>/delete/", staff.member_delete, name="member-delete"),
    path("meets/<uuid:meet_id>/unmatched/", unmatched.tray, name="meet-unmatched"),
    path("meets/<uuid:meet_id>/unmatched/live/", unmatched.tray_live, name="meet-unmatched-live"),
    path("meets/<uuid:meet_id>/upload/", upload.meet_upload, name="meet-upload"),
    path("entries/<uuid:entry_id>/", staff.entry_edit, name="entry-edit"),
    path("entries/<uuid:entry_id>/delete/", staff.entry_delete, name="entry-delete"),
    path("attempts/<uuid:attempt_id>/", attempt.attempt_detail, name="attempt-detail"),
    path("attempts/<uuid:attempt_id>/live/", attempt.attempt_live, name="attempt-live"),
    path("attempts/<uuid:attempt_id>/light/", attempt.attempt_light, name="attempt-light"),
    path("attempts/<uuid:attempt_id>/upload/", upload.attempt_upload, name="attempt-upload"),
    path("photos/<uuid:image_id>/", media.photo, name="photo"),
    path("photos/<uuid:image_id>/small/", media.photo_small, name="photo-small"),
    path("photos/<uuid:image_id>/retry/", attempt.photo_retry, name="photo-retry"),
    path("photos/<uuid:image_id>/restate/", attempt.photo_restate, name="photo-restate"),
    path("photos/<uuid:image_id>/lifter/", attempt.photo_lifter, name="photo-lifter"),
    path("photos/<uuid:image_id>/lift/", unmatched.photo_lift, name="photo-lift"),
    path("photos/<uuid:image_id>/move/", unmatched.photo_move, name="photo-move"),
    path("photos/<uuid:image_id>/set-aside/", unmatched.photo_set_aside, name="photo-set-aside"),
    path("photos/<uuid:image_id>/take-back/", unmatched.photo_take_back, name="photo-take-back"),
]
