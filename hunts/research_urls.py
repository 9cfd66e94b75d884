from django.urls import path

from hunts import research_views

app_name = "research"

urlpatterns = [
    path("<int:pk>/research", research_views.panel, name="panel"),
    path("<int:pk>/research/start", research_views.start, name="start"),
    path("<int:pk>/research/<int:research_pk>/<str:action>", research_views.change, name="change"),
    path("<int:pk>/research/statements/<int:statement_pk>/", research_views.citation, name="citation"),
]
