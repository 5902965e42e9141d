"""The look of the report: one style sheet for light and dark screens and for paper."""

STYLE = """
:root { color-scheme: light dark; --page: #f5f7f9; --card: #ffffff; --ink: #1f2933; --soft: #52606d;
  --line: #dfe5ea; --accent: #0072B2; --good: #00805d; --bad: #c24e00; --code: #f0f3f6; }
@media (prefers-color-scheme: dark) { :root { --page: #11161c; --card: #1a212a; --ink: #e6eaee; --soft: #a3b0bc;
  --line: #303b47; --accent: #6cbcf0; --good: #45c9a0; --bad: #f39254; --code: #131920; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Helvetica, Arial,
  "DejaVu Sans", sans-serif; }
header, main, footer { max-width: 1060px; margin: 0 auto; padding: 0 28px; }
header { padding-top: 52px; }
h1 { font-size: 2.1rem; line-height: 1.2; margin: 0; letter-spacing: -0.015em; }
header p { color: var(--soft); font-size: 1.08rem; margin: 10px 0 0; max-width: 46em; }
nav { display: flex; flex-wrap: wrap; gap: 8px; margin: 22px 0 0; }
nav a { color: var(--accent); background: var(--card); border: 1px solid var(--line); border-radius: 99px;
  padding: 3px 13px; font-size: 0.86rem; text-decoration: none; }
nav a:hover { border-color: var(--accent); }
section { margin: 44px 0 0; }
h2 { font-size: 1.32rem; margin: 0 0 12px; padding-bottom: 7px; border-bottom: 2px solid var(--line);
  letter-spacing: -0.01em; }
h3 { font-size: 1.16rem; margin: 2px 0 12px; }
p { margin: 10px 0; max-width: 46em; }
ul { margin: 10px 0; padding-left: 1.25em; max-width: 48em; }
li { margin: 7px 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(215px, 1fr)); gap: 14px; margin: 16px 0; }
.tile, figure, article { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tile { padding: 14px 18px 16px; border-top: 4px solid var(--line); }
.tile.met { border-top-color: var(--good); } .tile.missed { border-top-color: var(--bad); }
.label { color: var(--soft); font-size: 0.86rem; font-weight: 600; }
.value { font-size: 1.85rem; font-weight: 700; line-height: 1.3; letter-spacing: -0.02em;
  font-variant-numeric: tabular-nums; }
.target { font-size: 0.84rem; font-weight: 600; color: var(--soft); }
.met .target { color: var(--good); } .missed .target { color: var(--bad); }
.meaning { color: var(--soft); font-size: 0.88rem; line-height: 1.42; margin-top: 7px; }
figure { margin: 16px 0; padding: 16px; overflow: hidden; }
.drawn { overflow-x: auto; } .drawn svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
.drawn:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
details { margin-top: 10px; font-size: 0.9rem; } summary { cursor: pointer; color: var(--accent); }
figcaption { color: var(--soft); font-size: 0.9rem; line-height: 1.45; margin-top: 12px; max-width: 54em; }
.row { display: grid; grid-template-columns: repeat(auto-fit, minmax(330px, 1fr)); gap: 16px; margin: 16px 0; }
.row figure { margin: 0; display: flex; flex-direction: column; }
.row .drawn { margin: auto; max-width: 100%; } .row figcaption { margin-top: 12px; }
.table { padding: 6px 16px 14px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.94rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 8px 14px 8px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-size: 0.84rem; }
tbody tr:last-child td { border-bottom: 0; }
pre { margin: 0; padding: 14px 16px; background: var(--code); border-radius: 6px; overflow-x: auto;
  font: 0.86rem/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
article { padding: 18px 22px 8px; margin: 18px 0; border-left: 5px solid var(--accent); }
article figure { border: 0; padding: 0; margin: 14px 0; }
.question { color: var(--soft); font-size: 0.9rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 5px 20px; margin: 10px 0; font-size: 0.94rem; }
dt { color: var(--soft); } dd { margin: 0; font-variant-numeric: tabular-nums; }
footer { color: var(--soft); font-size: 0.84rem; margin-top: 52px; padding-bottom: 44px; }
@media print { :root { --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --code: #f4f4f4; }
  body { font-size: 11pt; } nav { display: none; } header { padding-top: 0; }
  figure, article, .tile, tr { break-inside: avoid; } h2, h3 { break-after: avoid; } pre { white-space: pre-wrap; } }
@media (max-width: 520px) { header, main, footer { padding-left: 16px; padding-right: 16px; }
  .drawn svg { max-width: none; } figure { padding: 12px; } .value { font-size: 1.5rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; } .row { grid-template-columns: 1fr; } }
"""
