from django.urls import path

from hunts import chat_views, views

app_name = "hunts"

urlpatterns = [
    path("", views.hunt_list, name="list"),
    path("new", chat_views.new_hunt, name="new"),
    path("conversations", chat_views.conversation_list, name="conversations"),
    path("chat/<int:pk>/", chat_views.conversation_page, name="chat"),
    path("chat/<int:pk>/say", chat_views.say, name="say"),
    path("chat/<int:pk>/again/<int:message_id>", chat_views.ask_again, name="ask-again"),
    path("chat/<int:pk>/profile", chat_views.edit_profile, name="edit-profile"),
    path("chat/<int:pk>/start", chat_views.start, name="start"),
    path("chat/<int:pk>/save", chat_views.save_icp, name="save-icp"),
    path("chat/<int:pk>/rename", chat_views.rename, name="rename-chat"),
    path("chat/<int:pk>/delete", chat_views.delete, name="delete-chat"),
    path("icps/<int:pk>/delete", chat_views.delete_icp, name="delete-icp"),
    path("<int:pk>/", views.hunt_detail, name="detail"),
    path("<int:pk>/run", views.run_again, name="run-again"),
    path("runs/<int:pk>/", views.run_detail, name="run"),
    path("runs/<int:pk>/<str:action>", views.change_run, name="change-run"),
]
