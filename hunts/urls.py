from django.urls import include, path

from hunts import chat_views, deleting_views, hunt_views, retry_views, views

app_name = "hunts"

urlpatterns = [
    path("", hunt_views.hunt_list, name="list"),
    path("new", chat_views.new_hunt, name="new"),
    path("presets/", include("hunts.preset_urls")),
    path("conversations", chat_views.conversation_list, name="conversations"),
    path("chat/<int:pk>/", chat_views.conversation_page, name="chat"),
    path("chat/<int:pk>/say", chat_views.say, name="say"),
    path("chat/<int:pk>/again/<int:message_id>", chat_views.ask_again, name="ask-again"),
    path("chat/<int:pk>/profile", chat_views.edit_profile, name="edit-profile"),
    path("chat/<int:pk>/start", chat_views.start, name="start"),
    path("chat/<int:pk>/widen", chat_views.widen, name="widen"),
    path("chat/<int:pk>/save", chat_views.save_icp, name="save-icp"),
    path("chat/<int:pk>/rename", chat_views.rename, name="rename-chat"),
    path("chat/<int:pk>/delete", chat_views.delete, name="delete-chat"),
    path("icps/<int:pk>/delete", chat_views.delete_icp, name="delete-icp"),
    path("<int:pk>/", hunt_views.hunt_detail, name="detail"),
    path("<int:pk>/run", views.run_again, name="run-again"),
    path("<int:pk>/delete", deleting_views.delete_hunt, name="delete"),
    path("<int:pk>/restore", deleting_views.restore_hunt, name="restore"),
    path("deleted", deleting_views.deleted, name="deleted"),
    path("runs/<int:pk>/", views.run_detail, name="run"),
    path("runs/<int:pk>/log.<str:kind>", views.run_log_file, name="run-log"),
    path("runs/<int:pk>/retry", retry_views.retry_run, name="retry-run"),
    path("runs/<int:pk>/raise", views.raise_limit, name="raise-limit"),
    path("runs/<int:pk>/delete", deleting_views.delete_run, name="delete-run"),
    path("runs/<int:pk>/restore", deleting_views.restore_run, name="restore-run"),
    path("runs/<int:pk>/<str:action>", views.change_run, name="change-run"),
]
