from django.urls import path

from leads import merge_views, views

app_name = "leads"

urlpatterns = [
    path("", views.lead_list, name="list"),
    path("export.<str:kind>", views.export, name="export"),
    path("<int:pk>/", views.lead_detail, name="detail"),
    path("<int:pk>/costs", views.lead_costs, name="costs"),
    path("<int:pk>/merge/", merge_views.preview, name="merge"),
    path("<int:pk>/merge/now/", merge_views.merge, name="merge_now"),
    path("<int:pk>/identity", merge_views.identity, name="identity"),
    path("<int:pk>/keep-apart/", merge_views.keep_apart, name="keep_apart"),
    path("<int:pk>/suggest-again/", merge_views.suggest_again, name="suggest_again"),
    path("<int:pk>/unmerge/<int:merge_pk>/", merge_views.unmerge, name="unmerge"),
]
