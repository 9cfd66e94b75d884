from django.urls import path

from enrichment import views

app_name = "enrichment"

urlpatterns = [
    path("<int:pk>/evidence/<int:evidence_pk>/", views.evidence, name="evidence"),
    path("<int:pk>/facts/<int:fact_pk>/", views.fact, name="fact"),
    path("<int:pk>/contacts/<int:contact_pk>/", views.contact, name="contact"),
    path("<int:pk>/screenshot.webp", views.screenshot, name="screenshot"),
]
