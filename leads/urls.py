from django.urls import path

from leads import merge_views, views

app_name = "leads"

urlpatterns = [
    path("", views.lead_list, name="list"),
    path("export.<str:kind>", views.export, name="export"),
    path("<int:pk>/", views.lead_detail, name="detail"),
    path("<int:pk>/merge/", merge_views.preview, name="merge"),
    path("<int:pk>/merge/now/", merge_views.merge, name="merge_now"),
    path("<int:pk>/unmerge/<int:merge_pk>/", merge_views.unmerge, name="unmerge"),
]
