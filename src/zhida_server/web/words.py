"""What the states and kinds of the site are called on its pages, in both languages, and in which tone.

The words of the engine (ways of delivery, what a policy gives) are the engine's own; here stand those of the site alone.
"""

from collections.abc import Mapping

from zhida.assess.assessment import Outcome
from zhida.report.words import DELIVERIES, GIVES, OUTCOMES, Words

_TONES = {
    Outcome.ELIGIBLE: "good",
    Outcome.INELIGIBLE: "plain",
    Outcome.UNDETERMINED: "doubt",
    Outcome.REVIEW: "doubt",
    Outcome.NOT_APPLICABLE: "plain",
}
_AT_ONCE = {"免申即享", "即申即享", "免审即享"}


def _spoken(words: Words, tones: Mapping[str, str], otherwise: str = "plain") -> dict[str, tuple[str, str, str]]:
    """Return the engine's words with a tone each."""
    return {str(value): (tones.get(str(value), otherwise), said["zh"], said["en"]) for value, said in words.items()}


CHIPS: Mapping[str, Mapping[str, tuple[str, str, str]]] = {
    "outcome": _spoken(OUTCOMES, {str(outcome): tone for outcome, tone in _TONES.items()}),
    "delivery": _spoken(DELIVERIES, dict.fromkeys(_AT_ONCE, "accent")),
    "gives": _spoken(GIVES, {}),
    "entitlement": {
        "reserved": ("doubt", "已留额度", "Reserved"),
        "paid": ("good", "已到账", "Paid"),
        "voided": ("bad", "已撤销", "Voided"),
    },
    "order": {
        "waiting": ("doubt", "待预算", "Waits for budget"),
        "objected": ("bad", "异议成立，不予发放", "An objection was upheld"),
        "elsewhere": ("plain", "另行发放", "Granted elsewhere"),
        "moved": ("plain", "见后一份公示", "See the later notice"),
        "changed": ("doubt", "金额有变，待重新公示", "The amount changed; to be put on notice again"),
        "gone": ("plain", "最近一次运行不再符合", "Not met by the latest run"),
        "noticed": ("accent", "公示中", "On notice"),
        "payable": ("doubt", "待拨付", "To be paid"),
        "batched": ("doubt", "拨付中", "Being paid"),
        "held": ("bad", "待人工核实", "A person looks at it"),
        "paid": ("good", "已到账", "Paid"),
        "voided": ("bad", "已撤销", "Voided"),
    },
    "event": {
        "noticed": ("accent", "进入公示", "On public notice"),
        "payable": ("good", "可以拨付", "Cleared for payment"),
        "batched": ("good", "编入拨付批次", "Put into a payment batch"),
        "released": ("doubt", "批次撤回，重新排队", "The batch was withdrawn; queued again"),
        "failed": ("bad", "银行退回，将再次拨付", "Returned by the bank; it will be tried again"),
        "held": ("bad", "多次退回，由财务人员核实", "Returned too often; finance looks at it"),
        "paid": ("good", "银行已拨付到账", "Paid by the bank"),
        "voided": ("bad", "已撤销", "Voided"),
    },
    "notice": {
        "granting": ("doubt", "名单编制中", "Being drawn up"),
        "open": ("accent", "公示中", "Open to objections"),
        "closed": ("plain", "公示结束", "Closed"),
    },
    "run": {
        "queued": ("doubt", "排队中", "Queued"),
        "running": ("accent", "运行中", "Running"),
        "done": ("good", "已完成", "Done"),
        "failed": ("bad", "失败", "Failed"),
    },
    "phase": {
        "assess": ("plain", "判定每项政策", "Deciding every policy"),
        "combine": ("plain", "求最优合法组合", "Finding the best lawful combinations"),
        "answers": ("plain", "写入结论", "Writing the answers"),
    },
    "claim": {
        "open": ("doubt", "审核中", "Under review"),
        "granted": ("good", "准予发放", "Granted"),
        "refused": ("bad", "不予发放", "Refused"),
        "withdrawn": ("plain", "已撤回", "Withdrawn"),
    },
    "upload": {
        "queued": ("doubt", "排队中", "Queued"),
        "reading": ("accent", "读入中", "Being read"),
        "done": ("good", "已读入", "Read"),
        "failed": ("bad", "不能读入", "Cannot be read"),
    },
    "upload-phase": {
        "read": ("plain", "读文件", "Reading files"),
        "convert": ("plain", "换算各列", "Converting columns"),
        "join": ("plain", "合并成一户一行", "Joining rows"),
    },
    "import": {
        "proposed": ("doubt", "等待决定", "To be decided"),
        "taken": ("good", "已收下", "Taken"),
        "refused": ("plain", "已退回", "Refused"),
    },
    "import-file": {
        "mapping": ("plain", "映射文件", "The mapping"),
        "quality": ("plain", "完整报告（JSON）", "The whole report (JSON)"),
        "set-aside": ("plain", "未收的行（CSV）", "Rows set aside (CSV)"),
    },
    "ledger-file": {
        "beancount": ("plain", "beancount 账本", "beancount file"),
        "hledger": ("plain", "hledger 日记账", "hledger journal"),
        "csv": ("plain", "分录表（CSV）", "Postings (CSV)"),
    },
    "batch": {
        "made": ("doubt", "待签发", "To be signed"),
        "withdrawn": ("plain", "已撤回", "Withdrawn"),
        "signed": ("accent", "已签发", "Signed"),
        "sent": ("accent", "已送银行", "With the bank"),
        "reconciled": ("good", "已对账", "Reconciled"),
    },
    "line": {
        "paid": ("good", "到账", "Paid"),
        "failed": ("bad", "退回", "Failed"),
        "released": ("plain", "随批次撤回", "Released"),
    },
    "transaction": {
        "direct": ("accent", "拨入", "Appropriated"),
        "reduce": ("doubt", "调减", "Taken back"),
        "pending": ("doubt", "预留", "Reserved"),
        "post": ("good", "付清", "Paid"),
        "void": ("bad", "退回预算", "Given back"),
    },
    "state": {
        "pending": ("doubt", "预留中", "Reserved"),
        "posted": ("good", "已付清", "Paid"),
        "voided": ("bad", "已退回预算", "Given back"),
    },
    "compared": {
        "outcome": ("plain", "结论", "Outcome"),
        "claimed_fen": ("plain", "金额（分）", "Amount (fen)"),
        "policy_sha256": ("plain", "政策文本", "Text of the policy"),
        "facts_sha256": ("plain", "所依据的事实", "Facts it rests on"),
    },
    "force": {
        "now": ("good", "有效", "In force"),
        "not-yet": ("doubt", "尚未施行", "Not yet in force"),
        "over": ("plain", "已失效", "No longer in force"),
    },
}
"""Per kind and value: the tone (good, doubt, bad, accent, plain) and the words."""


def chip_words(kind: str, value: object) -> tuple[str, str, str]:
    """Return the tone and the words of a value; one that has no words of its own is shown as it is.

    >>> chip_words("notice", "open")
    ('accent', '公示中', 'Open to objections')
    """
    text = str(value)
    return CHIPS.get(kind, {}).get(text) or ("plain", text, text)
