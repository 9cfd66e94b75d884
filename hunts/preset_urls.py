"""Presets and their schedules, below /hunts/presets."""

from django.urls import path

from hunts import preset_views, schedule_views

urlpatterns = [
    path("", preset_views.preset_list, name="presets"),
    path("of/<int:pk>", preset_views.save_preset, name="save-preset"),
    path("<int:pk>/edit", preset_views.edit_preset, name="edit-preset"),
    path("<int:pk>/run", preset_views.run_preset, name="run-preset"),
    path("<int:pk>/clone", preset_views.clone_preset, name="clone-preset"),
    path("<int:pk>/delete", preset_views.delete_preset, name="delete-preset"),
    path("<int:pk>/restore", preset_views.restore_preset, name="restore-preset"),
    path("<int:pk>/open", preset_views.open_preset, name="open-preset"),
    path("<int:pk>/profile/<int:conversation_id>", preset_views.change_profile, name="change-preset-profile"),
    path("<int:pk>/schedule", schedule_views.edit_schedule, name="schedule"),
    path("<int:pk>/schedule/<str:action>", schedule_views.change_schedule, name="change-schedule"),
]
