/** The report page's look: light or dark as the system is, on paper as well; the language switch is two radio buttons. */
export const PAGE_STYLE = `
:root { --back: #fbfbfa; --text: #1d2126; --soft: #5c6570; --line: #dfe3e7; --panel: #fff; --bad: #b42318; --good: #0f6b4f }
@media (prefers-color-scheme: dark) {
  :root { --back: #14171a; --text: #e7eaed; --soft: #9aa4af; --line: #2c333a; --panel: #1b1f24; --bad: #ff8a7a; --good: #5fd3a8 }
}
* { box-sizing: border-box }
body { margin: 0; padding: 24px; background: var(--back); color: var(--text); font: 14px/1.5 system-ui, sans-serif }
main { max-width: 1400px; margin: 0 auto }
h1 { font-size: 22px; margin: 12px 0 16px } h2 { font-size: 16px; margin: 28px 0 8px }
input[name=lang] { position: absolute; opacity: 0 }
input[name=lang] + label { padding: 3px 10px; border: 1px solid var(--line); border-radius: 6px; margin-right: 6px; cursor: pointer; color: var(--soft) }
input[name=lang]:checked + label { color: var(--text); background: var(--panel); border-color: var(--soft) }
input[name=lang]:focus-visible + label { outline: 2px solid var(--good); outline-offset: 2px }
#lang-en:checked ~ main [lang="zh-CN"], #lang-zh-CN:checked ~ main [lang="en"] { display: none }
dl { display: flex; flex-wrap: wrap; gap: 8px; margin: 0 0 20px }
dl > div { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 8px 14px }
dt { color: var(--soft); font-size: 12px } dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
.summary dd { font-size: 18px; font-weight: 600 }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--panel) }
table { border-collapse: collapse; width: 100% }
th, td { padding: 7px 12px; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line) }
tbody tr:last-child > * { border-bottom: 0 }
thead th { font-size: 12px; font-weight: 500; color: var(--soft) }
tbody th { font-weight: 500; overflow-wrap: anywhere; min-width: 240px }
.state { white-space: nowrap }
.number { white-space: nowrap; font-variant-numeric: tabular-nums } .noted > * { border-bottom: 0; padding-bottom: 2px } .note td { padding: 0 12px 9px; overflow-wrap: anywhere }
.failed .state { color: var(--bad); font-weight: 600 } .done .state { color: var(--good) } .small { color: var(--soft); font-size: 12px }
@media print { body { padding: 0 } input[name=lang] + label { display: none } }
`
