from django.urls import path

from accounts import notification_views as views

app_name = "notifications"

urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/unread", views.unread, name="unread"),
    path("inbox/read", views.read_all, name="read-all"),
    path("inbox/undo", views.undo_read_all, name="undo-read-all"),
    path("inbox/<int:pk>/", views.open_one, name="open"),
    path("inbox/<int:pk>/<str:action>", views.mark, name="mark"),
    path("unsubscribe/<str:token>", views.unsubscribe, name="unsubscribe"),
]
