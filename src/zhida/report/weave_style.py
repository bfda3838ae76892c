"""What a woven policy looks like: two columns on a screen, A4 on paper."""

STYLE = """
main { max-width: 1360px; padding: 36px 44px 64px; }
header h1 { font-size: 30px; letter-spacing: .03em; margin: 2px 0 20px; }
.kind { color: var(--accent); margin: 0; letter-spacing: .12em; font-size: 13px; }
h2 { font-size: 20px; padding-bottom: 8px; border-bottom: 2px solid var(--accent); margin-bottom: 16px; }
h3 { font-size: 17px; margin: 8px 0 12px; }
section { margin-top: 44px; }
section:target > h2 { color: var(--accent); }
.card { display: grid; grid-template-columns: 3fr 2fr; gap: 32px; border: 1px solid var(--line);
  border-top: 3px solid var(--accent); padding: 18px 24px; background: var(--faint); }
.front { font-size: 14px; } .front th, .front td { padding-top: 2px; padding-bottom: 2px; }
.checked { border-left: 4px solid var(--good); background: var(--good-faint); padding: 8px 14px; margin-bottom: 12px; font-size: 14px; }
.checked.open { border-color: var(--doubt-line); background: var(--doubt-faint); }
.checked strong { color: var(--good); } .checked.open strong { color: var(--doubt); }
.checked p { margin: 2px 0 0; }
.digest { font-size: 11px; color: var(--quiet); word-break: break-all; }
.good { color: var(--good); } .bad { color: var(--bad); } .open { color: var(--doubt); font-weight: 700; }
.checked.open { font-weight: 400; color: inherit; }
.contents { margin-top: 24px; }
.contents h2 { font-size: 15px; border: 0; margin: 0 0 4px; padding: 0; color: var(--quiet); font-family: var(--sans); font-weight: 400; }
.contents ol { list-style: none; margin: 0; padding: 0; columns: 2; column-gap: 48px; }
.contents li { display: flex; justify-content: space-between; gap: 16px; border-bottom: 1px dotted var(--line); padding: 3px 0;
  break-inside: avoid; }
.contents .level3 { padding-left: 1.5em; }
.passage { display: grid; grid-template-columns: minmax(0, 33fr) minmax(0, 67fr); gap: 36px; margin-bottom: 30px; }
.passage.words { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
.passage.words.alone { grid-template-columns: minmax(0, 60em); }
.passage.wide { grid-template-columns: minmax(0, 1fr); gap: 16px; }
.sticky { position: sticky; top: 16px; }
.law { font-family: var(--serif); font-size: 15.5px; line-height: 1.85; }
.law p:last-child, .law ul:last-child, .law ol:last-child { margin-bottom: 0; }
.law em { color: var(--quiet); }
.law ol, .law ul { padding-left: 1.5em; }
.caveat { border-left: 4px solid var(--doubt-line); background: var(--doubt-faint); padding: 7px 12px; margin: 12px 0 0;
  font: 13.5px/1.7 var(--sans); break-inside: avoid; }
.rule-side > .caveat:first-child { margin-top: 0; }
.caveat strong { color: var(--doubt); margin-right: .6em; float: left; }
.caveat p { margin: 0; }
.rule-side > * + * { margin-top: 18px; }
.rules, .plain, .examples { font-size: 13px; line-height: 1.55; overflow-wrap: break-word; }
.rules code, .examples code { word-break: keep-all; }
.rules .whole { white-space: nowrap; }
.rules thead th, .examples thead th { word-break: normal; }
.rules caption, .name { text-align: left; padding-bottom: 6px; caption-side: top; }
.decision { font: 700 15px/1.5 var(--serif); margin-right: 10px; }
.badge { margin-right: 6px; }
.rules { border: 1px solid var(--line); border-top: 2px solid var(--ink); }
.rules th, .rules td { padding: 4px 8px; border-bottom: 1px solid #e8ecf0; }
.rules thead th { background: var(--faint); border-bottom: 1px solid var(--line); font-weight: 600; vertical-align: bottom; }
.rules tr.first > * { border-top: 1px solid #9aa7b6; }
.rules .rule { color: var(--quiet); font-weight: 400; width: 3em; white-space: nowrap; }
.rules .output { background: var(--accent-faint); font-weight: 600; }
.rules .article { color: var(--accent); }
.rules .note { color: var(--quiet); }
th.note { min-width: 6em; }
.rules .any { color: #a9b1bc; }
.rules .otherwise td, .rules .otherwise th { color: var(--quiet); }
.rules tr:target > * { background: var(--doubt-faint); }
.rules code a, .expression a { color: inherit; border-bottom: 1px dotted #8fa3ba; }
.rules thead a { color: inherit; border-bottom: 1px dotted #8fa3ba; }
.allowed td { font-weight: 400; background: var(--faint); }
.gloss { display: block; color: var(--quiet); font-size: 11.5px; font-weight: 400; }
.expression { border: 1px solid var(--line); border-left: 3px solid var(--accent); padding: 8px 14px; break-inside: avoid; }
pre { margin: 0; white-space: pre-wrap; line-height: 1.65; }
.passage + .examples-part { margin-top: -16px; }
.examples-part .scroll { margin: 12px 0 22px; overflow-x: auto; }
.examples, .plain { border: 1px solid var(--line); border-top: 2px solid var(--ink); }
.examples th, .examples td, .plain th, .plain td { padding: 4px 7px; border-bottom: 1px solid #e8ecf0; }
.examples thead th, .plain thead th { background: var(--faint); font-weight: 600; vertical-align: bottom; }
.examples tbody th, .plain tbody th { font-weight: 600; }
.examples .output { background: var(--accent-faint); }
.examples .mark, .examples tbody th, .ground .short { white-space: nowrap; }
.rules tbody tr:first-child, .examples tbody tr:first-child, .plain tbody tr:first-child { break-before: avoid; }
.rules tbody tr:last-child, .plain tbody tr:last-child { break-before: avoid; }
.examples .failed > * { background: var(--bad-faint); } .why p { margin: 0; color: var(--bad); }
.plain.ground tr:target > * { background: var(--doubt-faint); }
.ground tbody th { white-space: nowrap; }
@media print {
  main { max-width: none; padding: 0; }
  header h1 { font-size: 20pt; margin-bottom: 10pt; }
  h2 { font-size: 13.5pt; } h3 { font-size: 12pt; } section { margin-top: 18pt; }
  .sticky { position: static; }
  .card { gap: 14pt; padding: 10pt 12pt; } .front, .checked { font-size: 8.5pt; } .digest { font-size: 6.5pt; }
  .passage { gap: 14pt; margin-bottom: 14pt; grid-template-columns: minmax(0, 30fr) minmax(0, 70fr); }
  .passage.tabled, .passage.words { display: block; } .passage.tabled .rule-side, .passage.words .rule-side { margin-top: 8pt; }
  .passage.brief { break-inside: avoid; } .examples-part p { break-after: avoid; }
  .law { font-size: 9.5pt; line-height: 1.7; } .caveat { font-size: 8.5pt; }
  .rules, .plain, .examples, pre { font-size: 8pt; } .gloss { font-size: 7pt; } .decision { font-size: 10pt; }
  .rules th, .rules td, .examples th, .examples td, .plain th, .plain td { padding: 2pt 4pt; }
  .badge { font-size: 7.5pt; } .contents ol { font-size: 9pt; }
  .examples-part .scroll { overflow: visible; } .examples { font-size: 7pt; }
}
@media screen and (max-width: 900px) {
  main { padding: 20px 16px; } .card, .passage, .passage.words { grid-template-columns: minmax(0, 1fr); } .contents ol { columns: 1; }
  .rule-side, .appendix { overflow-x: auto; } .sticky { position: static; }
}
"""
"""Rules beside the common ones."""
