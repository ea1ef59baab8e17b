# SPDX-License-Identifier: EUPL-1.2
import os
from urllib.parse import urlencode

import django
from django.conf import settings

from django_common import APPS, COMMON, MIDDLEWARE, run

ISSUER, BASE = os.environ["ISSUER"], os.environ["BASE"]
settings.configure(
    **COMMON,
    MIDDLEWARE=MIDDLEWARE,
    INSTALLED_APPS=APPS + ["social_django"],
    AUTHENTICATION_BACKENDS=["social_core.backends.open_id_connect.OpenIdConnectAuth"],
    SOCIAL_AUTH_OIDC_OIDC_ENDPOINT=ISSUER,
    SOCIAL_AUTH_OIDC_KEY=os.environ["CLIENT_ID"],
    SOCIAL_AUTH_OIDC_SECRET=os.environ["CLIENT_SECRET"],
    SOCIAL_AUTH_OIDC_SCOPE=["openid", "profile", "edu.role"],
    SOCIAL_AUTH_ENABLE_LAUNCH_BRIDGES=["idp_launch"],
    SOCIAL_AUTH_OIDC_EXTRA_DATA=["id_token", ("edu_roles", "edu_roles")],
    LOGIN_REDIRECT_URL="/",
)
django.setup()

from django.contrib.auth import logout
from django.http import JsonResponse
from django.shortcuts import redirect
from django.urls import include, path


def leave(request):
    known = request.user.social_auth.get(provider="oidc").extra_data
    logout(request)
    query = {"id_token_hint": known["id_token"], "post_logout_redirect_uri": BASE + "/"}
    return redirect(ISSUER + "/oidc/end_session?" + urlencode(query))


def person(request):
    if not request.user.is_authenticated:
        return JsonResponse(None, safe=False)
    u, known = request.user, request.user.social_auth.get(provider="oidc")
    return JsonResponse({"sub": known.uid, "given_name": u.first_name, "family_name": u.last_name,
                         "edu_roles": known.extra_data["edu_roles"]})


urlpatterns = [path("", person), path("leave", leave), path("", include("social_django.urls"))]
run()
