"""The map of the pages. What takes JSON stands beside the page that asks it."""

from django.urls import path

from dashboard.views import environments, functions, home, invocations, invoke

app_name = "dashboard"

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", home.search, name="search"),
    # /functions/
    path("functions/", functions.function_list, name="functions"),
    path("functions/<str:name>/", functions.function_page, name="function"),
    path("functions/<str:name>/invoke/", invoke.invoke_function, name="invoke"),
    path("functions/<str:name>/use.json", functions.use_figures, name="function-use"),
    # /environments/
    path("environments/", environments.environment_list, name="environments"),
    path("environments/<str:environment_id>/", environments.environment_page, name="environment"),
    path("environments/<str:environment_id>/events.json", environments.events, name="environment-events"),
    path("environments/<str:environment_id>/stop/", environments.stop, name="environment-stop"),
    # /invocations/
    path("invocations/<str:request_id>/", invocations.invocation_page, name="invocation"),
    path("invocations/<str:request_id>/raw.json", invocations.raw, name="invocation-raw"),
]
