"""Who may do what: one line an act. There is no other place that grants anything.

A representative is bound to one enterprise besides: `people.service.access_enterprise` holds that. Two persons for one payment
(the maker of a batch does not sign it) is held where batches are signed, two persons for a binding where it is confirmed.
"""

from collections.abc import Mapping

from zhida_server.people.data import Role

_POLICY, _FINANCE, _SERVICE, _LEADER, _AUDITOR, _ADMINISTRATOR, _REPRESENTATIVE, _VISITOR, _JOB = (
    Role.POLICY,
    Role.FINANCE,
    Role.SERVICE,
    Role.LEADER,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
    Role.REPRESENTATIVE,
    Role.VISITOR,
    Role.JOB,
)

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    # the desk: what waits for staff
    "desk.open": frozenset({_POLICY, _FINANCE, _SERVICE, _LEADER, _AUDITOR, _ADMINISTRATOR}),
    # people and audit
    "people.read": frozenset({_ADMINISTRATOR, _AUDITOR, _JOB}),
    "people.manage": frozenset({_ADMINISTRATOR, _JOB}),
    "people.bind": frozenset({_ADMINISTRATOR, _SERVICE, _JOB}),
    "people.confirm": frozenset({_ADMINISTRATOR, _SERVICE, _JOB}),
    "audit.read": frozenset({_AUDITOR}),
    # facts of enterprises
    "enterprise.read": frozenset({_POLICY, _FINANCE, _SERVICE, _AUDITOR, _REPRESENTATIVE, _JOB}),
    "enterprise.search": frozenset({_POLICY, _FINANCE, _SERVICE, _AUDITOR, _JOB}),
    # registry
    "registry.import": frozenset({_POLICY, _SERVICE, _JOB}),
    "registry.take": frozenset({_POLICY, _JOB}),
    "registry.tell": frozenset({_SERVICE, _REPRESENTATIVE, _JOB}),
    "registry.judge": frozenset({_POLICY, _SERVICE}),
    "registry.snapshot": frozenset({_POLICY, _JOB}),
    "registry.read": frozenset({_POLICY, _SERVICE, _AUDITOR, _JOB}),
    # catalogue
    "catalogue.take": frozenset({_POLICY, _JOB}),
    # runs and entitlements
    "run.start": frozenset({_POLICY, _JOB}),
    "run.read": frozenset({_POLICY, _FINANCE, _SERVICE, _LEADER, _AUDITOR, _JOB}),
    "run.repeat": frozenset({_POLICY, _AUDITOR, _JOB}),
    "entitlement.grant": frozenset({_POLICY, _SERVICE, _REPRESENTATIVE, _JOB}),
    "entitlement.void": frozenset({_POLICY, _FINANCE, _JOB}),
    "claim": frozenset({_SERVICE, _REPRESENTATIVE}),
    "claim.review": frozenset({_POLICY, _SERVICE, _AUDITOR}),
    "claim.decide": frozenset({_POLICY, _SERVICE}),
    # public notice and objections
    "notice.open": frozenset({_POLICY, _JOB}),
    "notice.close": frozenset({_POLICY, _JOB}),
    "objection.make": frozenset({_POLICY, _SERVICE, _REPRESENTATIVE, _VISITOR}),
    "objection.read": frozenset({_POLICY, _AUDITOR}),
    "objection.decide": frozenset({_POLICY}),
    "objection.lift": frozenset({_POLICY}),
    # money
    "budget.open": frozenset({_FINANCE, _JOB}),
    "budget.appropriate": frozenset({_FINANCE, _JOB}),
    "budget.reduce": frozenset({_FINANCE, _JOB}),
    "budget.read": frozenset({_POLICY, _FINANCE, _LEADER, _AUDITOR, _JOB}),
    "ledger.read": frozenset({_FINANCE, _AUDITOR, _JOB}),
    "ledger.export": frozenset({_FINANCE, _AUDITOR, _JOB}),
    "batch.read": frozenset({_FINANCE, _LEADER, _AUDITOR, _JOB}),
    "batch.make": frozenset({_FINANCE}),
    "batch.withdraw": frozenset({_FINANCE}),
    "batch.sign": frozenset({_FINANCE}),
    "batch.send": frozenset({_FINANCE}),
    "batch.return": frozenset({_FINANCE}),
    "order.read": frozenset({_POLICY, _FINANCE, _SERVICE, _AUDITOR, _REPRESENTATIVE, _JOB}),
    "order.cancel": frozenset({_FINANCE}),
    "order.requeue": frozenset({_FINANCE}),
    "payee.tell": frozenset({_FINANCE, _SERVICE, _REPRESENTATIVE, _JOB}),
}
"""Each act, and the roles that may do it."""
