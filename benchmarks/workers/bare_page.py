"""A page of the framework with nothing around it: one template of a few lines, no database, no login, no middleware.

`page_times.py` serves it in the same program as the site, to see what the site adds.
"""

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="nothing is signed here",  # noqa: S106 - nothing is
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    MIDDLEWARE=[],
)
django.setup()
TEMPLATE = Template("""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{{ title }}</title></head>
<body><h1>{{ title }}</h1><ul>{% for each in lines %}<li>{{ each }}</li>{% endfor %}</ul></body></html>
""")


def page(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - the face of a view
    """Answer with a list of ten lines."""
    return HttpResponse(TEMPLATE.render(Context({"title": "一页", "lines": range(10)})))


urlpatterns = [path("", page)]
application = get_wsgi_application()
