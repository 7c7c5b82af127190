"""How the report looks: on screens wide and narrow, light and dark, and on paper."""

from __future__ import annotations

PAGE = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --card: #f7f8fa; --ink: #1a1d21; --soft: #565c65; --line: #d9dde3;
  --warm: #c4441a; --cool: #1c8262; --blue: #2f6db3; --bad: #b3261e; --dot: #7d8794;
  --pale: #b9cbe0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171c; --card: #1b1f26; --ink: #eceff3; --soft: #a6afba; --line: #343b45;
    --warm: #ff9166; --cool: #5cc9a3; --blue: #82b5ee; --bad: #ff8a80; --dot: #8b95a3;
    --pale: #4a5a70;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif;
}
main, header, footer { max-width: 1060px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 36px; }
footer { padding-bottom: 40px; color: var(--soft); font-size: 14px; }
h1 { font-size: clamp(26px, 5vw, 38px); line-height: 1.15; margin: 0 0 10px; }
h2 { font-size: 21px; margin: 44px 0 12px; padding-top: 14px; border-top: 1px solid var(--line); }
h3 { font-size: 17px; margin: 0; overflow-wrap: anywhere; }
h1, p, li, dd, figcaption, summary { overflow-wrap: anywhere; }
p { margin: 0 0 10px; max-width: 72ch; }
.lead { font-size: 18px; }
.soft { color: var(--soft); }
.state {
  display: inline-block; padding: 1px 10px; border-radius: 12px; font-size: 14px;
  border: 1px solid currentColor; color: var(--soft); vertical-align: 2px;
}
.state.finished { color: var(--cool); }
.state.running { color: var(--blue); }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px;
  margin: 22px 0 0; padding: 0; list-style: none; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 10px 14px; }
.tiles b { display: block; font-size: 23px; line-height: 1.25; font-weight: 600; }
.tiles span { color: var(--soft); font-size: 14px; }
dl { display: grid; grid-template-columns: minmax(110px, max-content) 1fr; gap: 4px 20px;
  margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; unicode-bidi: isolate; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 6px 22px 6px 0; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
thead th { color: var(--soft); font-weight: normal; font-size: 14px; }
tbody th { font-weight: 600; }
pre { font: 13.5px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
  background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px;
  overflow: auto; max-height: 26em; margin: 8px 0; unicode-bidi: isolate; }
summary { cursor: pointer; color: var(--blue); padding: 4px 0; }
:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
figure { margin: 0; }
.curve svg { display: block; width: 100%; height: auto; max-width: 900px; }
.curve text { font-size: 13px; fill: var(--soft); text-anchor: middle; }
.curve text.up { text-anchor: end; }
.curve text.mark { fill: var(--ink); text-anchor: start; }
.curve text.mark.up { text-anchor: end; fill: var(--soft); }
.curve .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 4; stroke-linejoin: round; }
.curve .grid { stroke: var(--line); }
.curve .axis { stroke: var(--soft); }
.curve .reference { stroke: var(--blue); stroke-width: 1.5; stroke-dasharray: 6 4; }
.curve .dots { stroke: var(--dot); stroke-width: 5; stroke-linecap: round; stroke-opacity: .6; }
.curve.many .dots { stroke-width: 3; }
.curve .hits { stroke: var(--blue); }
.curve .failed { stroke: var(--bad); stroke-width: 1.4; fill: none; }
.curve .best { stroke: var(--warm); stroke-width: 2.4; fill: none; }
.curve .step { fill: var(--warm); stroke: var(--paper); stroke-width: 1; }
.curve .seed { fill: var(--cool); stroke: var(--paper); stroke-width: 1.2; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 20px; padding: 0; margin: 8px 0;
  list-style: none; }
.legend li { display: flex; align-items: center; gap: 8px; font-size: 14px; }
.key { display: inline-block; width: 20px; height: 10px; }
.key.dot, .key.diamond { width: 9px; height: 9px; border-radius: 50%; background: var(--dot); }
.key.hit { background: var(--blue); }
.key.diamond { border-radius: 0; background: var(--cool); transform: rotate(45deg); }
.key.line { height: 0; border-top: 3px solid var(--warm); }
.key.dashes { height: 0; border-top: 2px dashed var(--blue); }
.key.cross { width: auto; height: auto; line-height: 1; color: var(--bad); }
.key.cross::before { content: "\\2715"; }
figcaption p { font-size: 14px; color: var(--soft); margin: 0; }
.family { margin-bottom: 22px; }
.family svg { display: block; width: 100%; min-width: 720px; height: auto; }
.family .edge { fill: none; stroke: var(--line); stroke-width: 1.5; stroke-linejoin: round; }
.family .edge.line { stroke: var(--soft); stroke-width: 2.2; }
.family .edge.skips { stroke-dasharray: 5 4; }
.family circle { stroke: var(--paper); stroke-width: 1; }
.family text { font-size: 13px; fill: var(--soft); unicode-bidi: isolate; }
.family text.found { fill: var(--ink); font-weight: 600; }
.family text.place { font-size: 10.5px; font-weight: 600; fill: var(--ink); text-anchor: middle; }
.grade0 { --grade: color-mix(in srgb, var(--warm) 0%, var(--pale)); }
.grade1 { --grade: color-mix(in srgb, var(--warm) 25%, var(--pale)); }
.grade2 { --grade: color-mix(in srgb, var(--warm) 50%, var(--pale)); }
.grade3 { --grade: color-mix(in srgb, var(--warm) 75%, var(--pale)); }
.grade4 { --grade: var(--warm); }
.family circle { fill: var(--grade); }
.family circle.found { fill: var(--paper); stroke: var(--grade); stroke-width: 3.5; }
.key.grade { width: 11px; height: 11px; border-radius: 50%; background: var(--grade); }
.key.found { width: 14px; height: 14px; border-radius: 50%; border: 3.5px solid var(--warm); }
.family .key.line { height: 0; border-top: 3px solid var(--soft); }
.key.skips { height: 0; border-top: 2px dashed var(--line); }
.lineage { list-style: none; margin: 0; padding: 0; }
.lineage li { position: relative; padding: 0 0 16px 30px; }
.lineage li::before { content: ""; position: absolute; left: 6px; top: 7px; width: 11px;
  height: 11px; border-radius: 50%; background: var(--dot); }
.lineage li:first-child::before { background: var(--cool); }
.lineage li:last-child::before { background: var(--warm); }
.lineage li:not(:last-child)::after { content: ""; position: absolute; left: 11px; top: 22px;
  bottom: -4px; border-left: 2px solid var(--line); }
.lineage .figure { font-variant-numeric: tabular-nums; margin-left: 8px; }
.better { color: var(--cool); } .worse { color: var(--bad); }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr));
  gap: 18px; }
.cell { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 14px 16px; min-width: 0; display: flex; flex-direction: column; }
.cell .picture { background: #ffffff; border-radius: 6px; margin: 10px 0; flex: 1;
  display: flex; align-items: center; justify-content: center; padding: 6px; }
.cell svg { display: block; width: 100%; height: auto; max-height: 340px; }
.cell p { margin: 2px 0; font-size: 14px; }
@media (prefers-color-scheme: dark) { .cell .picture { background: #14171c; } }
@media (max-width: 600px) {
  main, header, footer { padding-left: 16px; padding-right: 16px; }
  header { padding-top: 24px; }
  .curve text { font-size: 21px; }
  .curve .halo { stroke-width: 6; }
  .curve .dots { stroke-width: 7; }
  .curve.many .dots { stroke-width: 4; }
  .tiles { grid-template-columns: 1fr 1fr; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 8px; }
  th, td { padding-right: 16px; }
}
@media print {
  body { font-size: 11pt; }
  main, header, footer { max-width: none; padding: 0; }
  .cell, .lineage li, figure, tr, .tiles li { break-inside: avoid; }
  h2 { break-after: avoid; }
  pre { max-height: none; white-space: pre-wrap; }
  .wide { overflow: visible; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
"""
