"""Every address of the site, each with its name, once. What may open it stands at its view: see `zhida_server.web.guards`."""

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import path, register_converter
from django.views.i18n import set_language

from zhida_server.web import (
    claims,
    enterprise,
    errors,
    notices,
    public,
    staff_audit,
    staff_budgets,
    staff_home,
    staff_notices,
    staff_payments,
    staff_people,
    staff_registry,
    staff_reviews,
    staff_runs,
    styles,
)
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
    path("enterprise/<slug:code>/claims/<uuid:claim>/", claims.reviewed, name="claimed"),
    path("enterprise/<slug:code>/claims/<uuid:claim>/withdraw/", claims.withdraw, name="claim_withdraw"),
    # The desk of staff
    path("desk/", staff_home.home, name="staff_home"),
    path("desk/runs/", staff_runs.runs, name="staff_runs"),
    path("desk/runs/start/", staff_runs.start, name="staff_run_start"),
    path("desk/runs/<uuid:run>/", staff_runs.run, name="staff_run"),
    path("desk/runs/<uuid:run>/repeat/", staff_runs.repeat, name="staff_run_repeat"),
    path("desk/runs/<uuid:run>/repetitions/", staff_runs.repetitions, name="staff_run_repetitions"),
    path("desk/runs/<uuid:run>/notice/<policy:policy>/", staff_notices.open_notice, name="staff_notice_open"),
    path("desk/packs/", staff_runs.packs, name="staff_packs"),
    path("desk/registry/", staff_registry.overview, name="staff_registry"),
    path("desk/registry/propose/", staff_registry.propose, name="staff_import_propose"),
    path("desk/registry/uploads/<uuid:upload>/", staff_registry.upload, name="staff_upload"),
    path("desk/registry/snapshot/", staff_registry.snapshot, name="staff_snapshot"),
    path("desk/registry/imports/<uuid:import_id>/", staff_registry.import_, name="staff_import"),
    path("desk/registry/imports/<uuid:import_id>/files/<slug:kind>/", staff_registry.import_file, name="staff_import_file"),
    path("desk/registry/imports/<uuid:import_id>/take/", staff_registry.take, name="staff_import_take"),
    path("desk/registry/imports/<uuid:import_id>/refuse/", staff_registry.refuse, name="staff_import_refuse"),
    path("desk/notices/", staff_notices.notices, name="staff_notices"),
    path("desk/notices/close/", staff_notices.close, name="staff_notices_close"),
    path("desk/notices/waiting/", staff_notices.grant_waiting, name="staff_notices_waiting"),
    path("desk/notices/objections/<uuid:objection>/", staff_notices.decide, name="staff_objection"),
    path("desk/notices/objections/<uuid:objection>/lift/", staff_notices.lift, name="staff_objection_lift"),
    path("desk/reviews/", staff_reviews.reviews, name="staff_reviews"),
    path("desk/reviews/<uuid:claim>/", staff_reviews.review, name="staff_review"),
    path("desk/reviews/<uuid:claim>/decide/", staff_reviews.decide, name="staff_review_decide"),
    path("desk/payments/", staff_payments.overview, name="staff_payments"),
    path("desk/payments/batch/", staff_payments.make, name="staff_batch_make"),
    path("desk/payments/batches/<uuid:batch>/", staff_payments.batch, name="staff_batch"),
    path("desk/payments/batches/<uuid:batch>/sign/", staff_payments.sign, name="staff_batch_sign"),
    path("desk/payments/batches/<uuid:batch>/withdraw/", staff_payments.withdraw, name="staff_batch_withdraw"),
    path("desk/payments/batches/<uuid:batch>/file/", staff_payments.bank_file, name="staff_batch_file"),
    path("desk/payments/batches/<uuid:batch>/return/", staff_payments.load_return, name="staff_batch_return"),
    path("desk/payments/held/", staff_payments.held, name="staff_held"),
    path("desk/payments/orders/<uuid:order>/", staff_audit.order, name="staff_order"),
    path("desk/payments/orders/<uuid:order>/replay/", staff_audit.replay, name="staff_order_replay"),
    path("desk/payments/orders/<uuid:order>/cancel/", staff_payments.cancel, name="staff_order_cancel"),
    path("desk/payments/orders/<uuid:order>/requeue/", staff_payments.requeue, name="staff_order_requeue"),
    path("desk/budgets/", staff_budgets.budgets, name="staff_budgets"),
    path("desk/budgets/open/", staff_budgets.open_budget, name="staff_budget_open"),
    path("desk/budgets/appropriate/", staff_budgets.appropriate, name="staff_budget_appropriate"),
    path("desk/budgets/reduce/", staff_budgets.reduce, name="staff_budget_reduce"),
    path("desk/budgets/export/<slug:kind>/", staff_budgets.export, name="staff_ledger_export"),
    path("desk/budgets/of/<path:code>/", staff_budgets.budget, name="staff_budget"),
    path("desk/audit/", staff_audit.records, name="staff_audit"),
    path("desk/audit/follow/", staff_audit.follow, name="staff_follow"),
    path("desk/audit/chain/", staff_audit.chain, name="staff_chain"),
    path("desk/people/", staff_people.accounts, name="staff_people"),
    path("desk/people/create/", staff_people.create, name="staff_person_create"),
    path("desk/people/bind/", staff_people.bind, name="staff_person_bind"),
    path("desk/people/bindings/", staff_people.bindings, name="staff_bindings"),
    path("desk/people/bindings/decide/", staff_people.decide_binding, name="staff_binding_decide"),
    path("desk/people/change/", staff_people.change, name="staff_person_change"),
    path("desk/people/password/", staff_people.reset_password, name="staff_person_password"),
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
