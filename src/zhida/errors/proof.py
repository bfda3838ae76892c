"""What a proof finds in tables, decisions and policies: gaps, overlaps, what is masked, lines without examples, cliffs.

The gravity sits in the code: an error only for what is certainly wrong, a warning for what somebody should look at,
information for what is worth knowing.
"""

from zhida.errors.code import Code, Severity

ERROR, WARNING, INFORMATION = Severity.ERROR, Severity.WARNING, Severity.INFORMATION

CODES: dict[str, Code] = {
    # --- tables: gaps, overlaps, masked rules (A) ---
    "proof-gap": Code(
        ERROR,
        "no rule of table '{name}' is for {box}",
        "表“{name}”：{box_zh}：没有规则",
        ("for example {witness}", "add a rule or a default, or say why it is right: 缺口: <reason>"),
        ("例如 {witness_zh}。", "请补上规则或“否则”行；若本应如此，请写明“缺口: 理由”"),
    ),
    "proof-gap-unusual": Code(
        INFORMATION,
        "no rule of table '{name}' is for {box}; that lies outside of the usual values",
        "表“{name}”：{box_zh}：没有规则；这在常见范围之外",
        ("for example {witness}",),
        ("例如 {witness_zh}",),
    ),
    "proof-gap-justified": Code(
        INFORMATION,
        "no rule of table '{name}' is for {box}, and it says why: {reason}",
        "表“{name}”：{box_zh}：没有规则；表中已说明理由：{reason}",
        ("for example {witness}",),
        ("例如 {witness_zh}",),
    ),
    "proof-gap-collect": Code(
        INFORMATION,
        "no rule of table '{name}', which collects, is for {box}: the result is null",
        "汇总表“{name}”：{box_zh}：没有规则，结果为空值",
        ("for example {witness}", "add a default if another result is meant"),
        ("例如 {witness_zh}。", "如应有别的结果，请补上“否则”行"),
    ),
    "proof-gap-null": Code(
        INFORMATION,
        "'{clause}' can be null, and no rule of table '{name}' is for that: a person decides",
        "“{clause}”可能为空，表“{name}”没有为此写规则：由人工核定",
        ("for example {witness}", "add a rule with null in that column if the answer is known"),
        ("例如 {witness_zh}。", "若结论明确，请在该列增加一条 null 的规则"),
    ),
    "proof-overlap": Code(
        ERROR,
        "table '{name}' is UNIQUE, but rules {rules} match at once: {box}",
        "表“{name}”要求唯一命中（U），但 {box_zh} 时规则 {rules_zh} 同时命中",
        ("for example {witness}", "make the rules exclude each other, or use F (first) if their order is meant"),
        ("例如 {witness_zh}。", "请使各规则互斥；若以先后为准，请用 F（首条命中）"),
    ),
    "proof-overlap-unusual": Code(
        INFORMATION,
        "table '{name}': rules {rules} exclude each other among the usual values only; both match where {box}",
        "表“{name}”：规则 {rules_zh} 只在常见范围内互斥；{box_zh} 时同时命中",
        ("for example {witness}",),
        ("例如 {witness_zh}",),
    ),
    "proof-overlap-collect": Code(
        INFORMATION,
        "in table '{name}', which collects, {count} pairs of rules can match at once, such as {rules}: {box}",
        "汇总表“{name}”中有 {count} 对规则会同时命中，如规则 {rules_zh}：{box_zh}",
        ("for example {witness}", "all of them count; make them exclude each other if only one is meant"),
        ("例如 {witness_zh}。", "同时命中的都会计入；如只应计一条，请使其互斥"),
    ),
    "proof-conflict": Code(
        ERROR,
        "table '{name}' is ANY, but rules {rules} match at once with different outputs: {box}",
        "表“{name}”为 A（任意），但 {box_zh} 时规则 {rules_zh} 同时命中且结果不同",
        ("for example {witness}", "give these rules the same outputs, or make them exclude each other"),
        ("例如 {witness_zh}。", "请使这些规则的结果相同，或使其互斥"),
    ),
    "proof-conflict-unusual": Code(
        INFORMATION,
        "table '{name}': rules {rules} contradict each other outside of the usual values only: {box}",
        "表“{name}”：规则 {rules_zh} 只在常见范围之外相互矛盾：{box_zh}",
        ("for example {witness}",),
        ("例如 {witness_zh}",),
    ),
    "proof-masked": Code(
        WARNING,
        "rule {rules} of table '{name}' never has a say: rules {others} come before it wherever it matches",
        "表“{name}”的规则 {rules_zh} 永远轮不到：凡它命中之处，都已由规则 {others_zh} 先行命中",
        ("move it up, narrow the others, or take it out",),
        ("请把它移到前面，或收窄那些规则，或删去它",),
    ),
    "proof-never": Code(
        WARNING,
        "rule {rules} of table '{name}' never matches: no value of '{clause}' passes {cell}",
        "表“{name}”的规则 {rules_zh} 永远不会命中：“{clause}”没有任何值满足 {cell}",
        ("look at both ends of the condition, and at the values that there are",),
        ("请核对条件的两端和可能的取值",),
    ),
    "proof-value-never": Code(
        WARNING,
        "'{clause}' is never {value}, which rule {rules} of table '{name}' asks for",
        "表“{name}”的规则 {rules_zh} 要求“{clause}”为 {value}，但它没有这个取值",
        ("it can be: {values}",),
        ("它的取值有：{values_zh}",),
    ),
    "proof-redundant": Code(
        INFORMATION,
        "without rule {rules} table '{name}' would answer everything as it does",
        "表“{name}”去掉规则 {rules_zh} 后，所有结果都不变",
        ("keep it if it says something to the reader",),
        ("若它对读者有说明作用，可以保留",),
    ),
    "proof-mergeable": Code(
        INFORMATION,
        "rules {rules} of table '{name}' could be one: they differ in '{clause}' only, and {cell} is all that they ask of it",
        "表“{name}”的规则 {rules_zh} 可以合并：只有“{clause}”不同，合起来就是：{cell_zh}",
        ("keep them apart if they rest on different sentences of the law",),
        ("若分别对应条文中的不同语句，可以保留",),
    ),
    "proof-undecided": Code(
        INFORMATION,
        "table '{name}' was not decided: {question}, because {reason}",
        "表“{name}”未能判定：{question_zh}；原因：{reason_zh}",
    ),
    # --- what is solved over the whole decision model (B) ---
    # --- coverage by examples (C) ---
    "proof-no-examples": Code(
        WARNING,
        "'{name}' has no examples: nothing shows what it does",
        "“{name}”没有例：没有什么说明它是怎样判定的",
        ("zhida examples {name} proposes some",),
        ("可运行 zhida examples {name}，由它提出建议",),
    ),
    "proof-threshold-side": Code(
        WARNING,
        "threshold {text}: {lacks}",
        "门槛 {text}：{lacks_zh}",
        ("zhida examples {policy} proposes the missing rows",),
        ("可运行 zhida examples {policy}，由它补出缺的行",),
    ),
    "proof-rule-not-shown": Code(
        INFORMATION,
        "{rule} of '{name}' fires in no example",
        "“{name}”{rule_zh}：没有一个例触发它",
        ("add an example of it, or ask whether any subject gets there",),
        ("请补一个例；或想一想是否真有对象会到这里",),
    ),
    "proof-condition-not-shown": Code(
        INFORMATION,
        "'{name}': no example shows {count} of {total} conditions by themselves: {conditions}",
        "“{name}”：{total} 个条件中有 {count} 个没有例单独显示其作用：{conditions_zh}",
        ("an example shows a condition where the answer would change if only that were the other way",),
        ("单独显示：只要这一个条件反过来，例的答案就会改变",),
    ),
    # --- proposed examples (D) ---
    "proof-example-impossible": Code(
        INFORMATION,
        "{decision}: no subject can show '{target}': nobody is answered otherwise by it",
        "{decision}：“{target_zh}”永远显不出来：没有主体因它得到不同的结果",
        ("it may be that it is never met, or that other conditions always decide before it; look whether the document means that",),
        ("也许永远不会成立，也许总有别的条件先决定了；请看文件是不是这个意思",),
    ),
    "proof-example-undecided": Code(
        INFORMATION,
        "{decision}: no example was found for '{target}', and none was excluded: {reason}",
        "{decision}：“{target_zh}”没有找到例，也没有证明不可能：{reason_zh}",
        ("work out such an example by hand, if there is one",),
        ("如果有这样的例，请自己写一个",),
    ),
    "proof-example-unwritable": Code(
        INFORMATION,
        "{decision}: what would show '{target}' has a value that no cell of an example can hold",
        "{decision}：能显出“{target_zh}”的例，其值写不进例的格子",
        ("expect another decision that rests on it",),
        ("请在以它为依据的别的决策上写期望",),
    ),
    "proof-example-file-changed": Code(
        ERROR,
        "'{name}' was changed while its examples were being worked out: nothing was written",
        "“{name}”在求例期间被改动了：没有写入",
        ("run the command again",),
        ("请再运行一次",),
    ),
    # --- across tables and policies, cliffs (E) ---
    # --- differences between two versions (F) ---
    # --- mutants (G) ---
    # --- proofs of policies (H) ---
    "proof-policy-left-out": Code(
        WARNING,
        "'{name}' was not proved: it, or a policy that it uses, has errors",
        "“{name}”未作证明：它或它引用的政策有错误",
        ("mend the errors first, then run zhida check --proof again",),
        ("请先改正错误，再运行 zhida check --proof",),
    ),
}
"""By code."""
