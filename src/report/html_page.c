/*
 * The frame of an HTML report; see html_page.h. The colours hold a contrast of 4.5:1 against their ground in both
 * schemes, and whatever a colour says a symbol and a word say as well. The policy in the head keeps the page from
 * fetching anything and from running any script but the one below, by its SHA-256: tests/demo/page.py holds the two
 * together.
 */
#include "report/html_page.h"

#include "report/values.h"

#define SCRIPT_HASH "sha256-ujEcPZRggBEWNGXSBHa3Kh7Fl3B+4Vd7bSzXbHUlv+U="

static const char style[] =
    ":root{color-scheme:light dark;--ground:#fbfbf9;--card:#fff;--ink:#1c2430;--soft:#566070;--line:#d9dce1;"
    "--code:#f1f2f0;--good:#1b6e53;--bad:#a8301f;--warn:#7d5200;--unknown:#5b4a9c;--link:#1f5f9e}\n"
    "@media(prefers-color-scheme:dark){:root{--ground:#14181d;--card:#1c2229;--ink:#e4e7ea;--soft:#a2acb8;"
    "--line:#363f49;--code:#262d35;--good:#62c9a2;--bad:#ff9382;--warn:#e8b860;--unknown:#b8a8f5;--link:#8cbcf0}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,\"DejaVu Sans\",sans-serif}\n"
    "main{max-width:72rem;margin:0 auto;padding:2rem 1.25rem 4rem}\n"
    "h1{font-size:1.9rem;line-height:1.2;margin:0}\n"
    "h2{font-size:1.3rem;margin:2.75rem 0 .75rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}\n"
    "h3{font-size:1rem;margin:0 0 .1rem;overflow-wrap:anywhere}\n"
    "p{margin:.25rem 0 .75rem}\n"
    "a{color:var(--link)}\n"
    "code{font:.86em/1.5 ui-monospace,\"DejaVu Sans Mono\",monospace;background:var(--code);border-radius:3px;"
    "padding:.1em .3em;overflow-wrap:anywhere}\n"
    ".kicker{color:var(--soft);margin:0 0 .2rem;font-size:.9rem}\n"
    ".soft{color:var(--soft)}.day{white-space:nowrap}\n"
    ".verdict{display:flex;gap:.9rem;align-items:baseline;margin:1.25rem 0;padding:.9rem 1.1rem;background:var(--card);"
    "border:1px solid var(--line);border-left:.45rem solid;border-radius:4px;font-size:1.15rem}\n"
    ".verdict p{margin:0;color:var(--ink)}\n"
    ".good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.unknown{color:var(--unknown)}\n"
    ".verdict.good,.card.good{border-left-color:var(--good)}.verdict.bad,.card.bad{border-left-color:var(--bad)}\n"
    ".verdict.warn,.card.warn{border-left-color:var(--warn)}\n"
    ".verdict.unknown,.card.unknown{border-left-color:var(--unknown)}\n"
    ".mark{font-weight:700;white-space:nowrap}\n"
    ".numbers{display:flex;flex-wrap:wrap;gap:.6rem;margin:0;padding:0}\n"
    ".numbers div{background:var(--card);border:1px solid var(--line);border-radius:4px;padding:.5rem .9rem;"
    "min-width:7rem;display:flex;flex-direction:column-reverse}\n"
    ".numbers dt{color:var(--soft);font-size:.85rem}.numbers dd{margin:0;font-size:1.5rem;font-weight:600;"
    "line-height:1.25}\n"
    ".card{background:var(--card);color:var(--ink);border:1px solid var(--line);border-left:.3rem solid;"
    "border-radius:4px;padding:.8rem 1rem;margin:0 0 .9rem;break-inside:avoid}\n"
    ".card .what{margin:0 0 .5rem;overflow-wrap:anywhere}\n"
    ".card dl{display:grid;grid-template-columns:5.5rem minmax(0,1fr);gap:.2rem .8rem;margin:0}\n"
    ".card dl+dl{margin-top:.7rem;padding-top:.7rem;border-top:1px dashed var(--line)}\n"
    ".card dt{color:var(--soft);font-size:.9rem}.card dd{margin:0;overflow-wrap:anywhere}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%;font-size:.88rem;background:var(--card)}\n"
    "caption{text-align:left;color:var(--soft);padding:.2rem 0 .5rem;background:var(--ground)}\n"
    "th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border:1px solid var(--line)}\n"
    "thead th{background:var(--code)}tbody th{font-weight:600}\n"
    "td.ports,td.when{min-width:6.5rem}td.end{min-width:8.5rem}.id{overflow-wrap:anywhere;min-width:12rem}\n"
    ".filter-bar{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:center;margin:0 0 .6rem}\n"
    ".filter-bar input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--soft);"
    "border-radius:4px;padding:.3rem .6rem;min-width:min(24rem,100%)}\n"
    "footer{margin-top:3rem;color:var(--soft);font-size:.85rem}\n"
    "@media(max-width:40rem){.card dl{grid-template-columns:1fr;gap:0}.card dd{margin-bottom:.35rem}}\n"
    "@media print{:root{color-scheme:light;--ground:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--code:#f4f4f4;"
    "--good:#1b6e53;--bad:#a8301f;--warn:#7d5200;--unknown:#5b4a9c;--link:#000}body{font-size:10pt}"
    "main{max-width:none;padding:0}.filter-bar{display:none}.scroll{overflow:visible}thead{display:table-header-group}"
    "tr{break-inside:avoid}h2{break-after:avoid}.card a[href^=http]::after{content:\" (\" attr(href) \")\"}}\n";

static const char script[] =
    "for(const table of document.querySelectorAll('table.filter')){"
    "const rows=[...table.tBodies[0].rows],bar=document.createElement('div'),box=document.createElement('input'),"
    "count=document.createElement('span');"
    "bar.className='filter-bar';box.type='search';box.placeholder='filter: words in any order';"
    "box.setAttribute('aria-label','filter the flows');count.className='soft';count.setAttribute('role','status');"
    "bar.append(box,count);table.parentNode.before(bar);"
    "const texts=rows.map(row=>row.textContent.toLowerCase());"
    "const show=()=>{const words=box.value.toLowerCase().split(/\\s+/);let n=0;"
    "rows.forEach((row,i)=>{row.hidden=!words.every(word=>texts[i].includes(word));n+=!row.hidden});"
    "count.textContent=n+' of '+rows.length};"
    "box.addEventListener('input',show);show()}";

void html_page_begin(struct buf *out, struct str title)
{
    buf_adds(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src 'unsafe-inline'; script-src '" SCRIPT_HASH "'; base-uri 'none'; form-action 'none'\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    report_xml_text(out, title);
    buf_adds(out, "</title>\n<style>\n");
    buf_adds(out, style);
    buf_adds(out, "</style>\n</head>\n<body>\n<main>\n");
}

void html_page_end(struct buf *out)
{
    buf_adds(out, "</main>\n<script>");
    buf_adds(out, script);
    buf_adds(out, "</script>\n</body>\n</html>\n");
}
