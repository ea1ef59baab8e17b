# SPDX-License-Identifier: EUPL-1.2
"""What the three Django services have in common: an application in one file, its database in a folder of its own."""
import os
import sys
from urllib.parse import urlsplit

COMMON = dict(
    SECRET_KEY="of this service",
    DEBUG=True,
    ALLOWED_HOSTS=[urlsplit(os.environ["BASE"]).hostname],
    ROOT_URLCONF="__main__",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(os.environ["STATE"], "db.sqlite3")}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth"]},
    }],
)
APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]


def run():
    from django.core.management import call_command
    from django.core.servers.basehttp import WSGIServer, WSGIRequestHandler, get_internal_wsgi_application

    call_command("migrate", verbosity=0)
    server = WSGIServer(("127.0.0.1", int(os.environ["PORT"])), WSGIRequestHandler)
    server.set_app(get_internal_wsgi_application())
    print("ready", flush=True)
    server.serve_forever()
