"""Every address of the site, each with its name, once. What may open it stands at its view: see `zhida_server.web.guards`."""

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import path, register_converter
from django.views.i18n import set_language

from zhida_server.web import claims, enterprise, errors, notices, public, styles
from zhida_server.web.guards import GET, POST, foreign


class PolicyConverter:
    """The name of a policy in an address: `hangzhou/compute-voucher`."""

    regex = "[a-z0-9-]+(?:/[a-z0-9-]+)+"

    def to_python(self, value: str) -> str:
        """Return the name."""
        return value

    def to_url(self, value: str) -> str:
        """Return the name."""
        return value


register_converter(PolicyConverter, "policy")

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler429 = errors.too_many
handler500 = errors.failed

urlpatterns = [
    # What everybody may read
    path("", public.home, name="home"),
    path("policies/", public.policies, name="policies"),
    path("policies/<policy:policy>/", public.policy, name="policy"),
    path("notices/", notices.notices, name="notices"),
    path("notices/<uuid:notice>/", notices.notice, name="notice"),
    path("notices/<uuid:notice>/object/", notices.object_to, name="object_to"),
    path("help/", public.guidance, name="help"),
    path("privacy/", public.privacy, name="privacy"),
    path("language/", foreign(set_language, methods=POST), name="set_language"),
    path("style/<slug:name>.css", styles.style, name="style"),
    # An enterprise, for its representative and for staff
    path("enterprise/", enterprise.own_enterprise, name="own_enterprise"),
    path("enterprise/<slug:code>/", enterprise.enterprise, name="enterprise"),
    path("enterprise/<slug:code>/facts/", enterprise.facts, name="facts"),
    path("enterprise/<slug:code>/payee/", enterprise.payee, name="payee"),
    path("enterprise/<slug:code>/entitlements/<uuid:entitlement>/", enterprise.granted, name="granted"),
    path("enterprise/<slug:code>/explain/<policy:policy>/", enterprise.explanation, name="explanation"),
    path("enterprise/<slug:code>/claim/<policy:policy>/", claims.claim, name="claim"),
    # Logging in, by the library's own names
    path("account/login/", foreign(account.login), name="account_login"),
    path("account/logout/", foreign(account.logout), name="account_logout"),
    path("account/inactive/", foreign(account.account_inactive, methods=GET), name="account_inactive"),
    path("account/reauthenticate/", foreign(account.reauthenticate), name="account_reauthenticate"),
    path("account/password/change/", foreign(account.password_change), name="account_change_password"),
    path("account/2fa/", foreign(second_factor.index, methods=GET), name="mfa_index"),
    path("account/2fa/authenticate/", foreign(second_factor.authenticate), name="mfa_authenticate"),
    path("account/2fa/reauthenticate/", foreign(second_factor.reauthenticate), name="mfa_reauthenticate"),
    path("account/2fa/totp/activate/", foreign(totp.activate_totp), name="mfa_activate_totp"),
    path("account/2fa/totp/deactivate/", foreign(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/2fa/recovery-codes/", foreign(recovery_codes.view_recovery_codes, methods=GET), name="mfa_view_recovery_codes"),
    path("account/2fa/recovery-codes/generate/", foreign(recovery_codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path(
        "account/2fa/recovery-codes/download/",
        foreign(recovery_codes.download_recovery_codes, methods=GET),
        name="mfa_download_recovery_codes",
    ),
]
