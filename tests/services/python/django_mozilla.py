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
    INSTALLED_APPS=APPS + ["mozilla_django_oidc"],
    AUTHENTICATION_BACKENDS=["__main__.DigiOne"],
    OIDC_RP_CLIENT_ID=os.environ["CLIENT_ID"],
    OIDC_RP_CLIENT_SECRET=os.environ["CLIENT_SECRET"],
    OIDC_RP_SCOPES="openid profile edu.role",
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_OP_AUTHORIZATION_ENDPOINT=ISSUER + "/oidc/authorize",
    OIDC_OP_TOKEN_ENDPOINT=ISSUER + "/oidc/token",
    OIDC_OP_USER_ENDPOINT=ISSUER + "/oidc/userinfo",
    OIDC_OP_JWKS_ENDPOINT=ISSUER + "/oidc/jwks",
    OIDC_USE_PKCE=True,
    OIDC_STORE_ID_TOKEN=True,
    OIDC_OP_LOGOUT_URL_METHOD="__main__.logout_url",
    LOGIN_REDIRECT_URL="/",
    LOGOUT_REDIRECT_URL=BASE + "/",
    ALLOW_LOGOUT_GET_METHOD=True,
)
django.setup()

from django.http import JsonResponse
from django.urls import include, path
from mozilla_django_oidc.auth import OIDCAuthenticationBackend


class DigiOne(OIDCAuthenticationBackend):
    def filter_users_by_claims(self, claims):
        return self.UserModel.objects.filter(username=claims["sub"])

    def create_user(self, claims):
        return self.update_user(self.UserModel.objects.create_user(claims["sub"]), claims)

    def update_user(self, user, claims):
        user.first_name, user.last_name = claims.get("given_name", ""), claims.get("family_name", "")
        user.save()
        self.request.session["roles"] = claims.get("edu_roles", [])
        return user


def logout_url(request):
    query = {"id_token_hint": request.session["oidc_id_token"], "post_logout_redirect_uri": BASE + "/"}
    return ISSUER + "/oidc/end_session?" + urlencode(query)


def person(request):
    u = request.user
    if not u.is_authenticated:
        return JsonResponse(None, safe=False)
    return JsonResponse({"sub": u.username, "given_name": u.first_name, "family_name": u.last_name,
                         "edu_roles": request.session["roles"]})


urlpatterns = [path("", person), path("oidc/", include("mozilla_django_oidc.urls"))]
run()
