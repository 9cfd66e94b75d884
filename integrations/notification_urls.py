from django.urls import path

from integrations import notification_settings as views

app_name = "notification_settings"

urlpatterns = [
    path("notifications", views.page, name="page"),
    path("notifications/save", views.save, name="save"),
    path("notifications/slack", views.connect_slack, name="connect-slack"),
    path("notifications/slack/<str:action>", views.change_slack, name="change-slack"),
    path("notifications/messages/<int:pk>/again", views.send_again, name="send-again"),
]
