# SPDX-License-Identifier: EUPL-1.2
import os
from urllib.parse import urlencode

import django
from django.conf import settings

from django_common import APPS, COMMON, MIDDLEWARE, run

ISSUER, BASE = os.environ["ISSUER"], os.environ["BASE"]
settings.configure(
    **COMMON,
    MIDDLEWARE=MIDDLEWARE + ["allauth.account.middleware.AccountMiddleware"],
    INSTALLED_APPS=APPS + ["allauth", "allauth.account", "allauth.socialaccount",
                           "allauth.socialaccount.providers.openid_connect"],
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    ACCOUNT_SIGNUP_FIELDS=["username*", "password1*"],
    ACCOUNT_EMAIL_VERIFICATION="none",
    SOCIALACCOUNT_ONLY=True,
    SOCIALACCOUNT_LOGIN_ON_GET=True,
    SOCIALACCOUNT_STORE_TOKENS=True,
    SOCIALACCOUNT_PROVIDERS={
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [{
                "provider_id": "digione",
                "name": "DigiOne",
                "client_id": os.environ["CLIENT_ID"],
                "secret": os.environ["CLIENT_SECRET"],
                "settings": {"server_url": ISSUER, "scope": ["openid", "profile", "edu.role"]},
            }],
        }
    },
    LOGIN_REDIRECT_URL="/",
)
django.setup()

from django.contrib.auth import logout
from django.http import JsonResponse
from django.shortcuts import redirect
from django.urls import include, path


def leave(request):
    logout(request)
    query = {"client_id": os.environ["CLIENT_ID"], "post_logout_redirect_uri": BASE + "/"}
    return redirect(ISSUER + "/oidc/end_session?" + urlencode(query))


def person(request):
    if not request.user.is_authenticated:
        return JsonResponse(None, safe=False)
    return JsonResponse(request.user.socialaccount_set.get().extra_data)


urlpatterns = [path("", person), path("leave", leave), path("accounts/", include("allauth.urls"))]
run()
