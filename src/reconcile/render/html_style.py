"""The style sheet of a page: small, without anything from elsewhere, and as readable in the dark as in the light."""

from __future__ import annotations

from collections.abc import Mapping

# Ink on paper, then pairs: the ink of each sort of thing, and what it stands on. tests/unit/render/test_html_style.py
# computes the contrast of every pair.
LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "soft": "#f6f8fa",
    "line": "#d0d7de",
    "edge": "#818b98",
    "ink": "#1f2328",
    "quiet": "#57606a",
    "link": "#0550ae",
    "create": "#116329",
    "create-bg": "#dff6e4",
    "update": "#744500",
    "update-bg": "#fff3d1",
    "delete": "#a40e26",
    "delete-bg": "#ffe8e6",
    "run": "#0a5577",
    "run-bg": "#def1fa",
    "forget": "#4d555e",
    "forget-bg": "#eaeef2",
    "h1": "#e3effb",
    "h2": "#bfdaf5",
    "h3": "#8fbdec",
    "h4": "#2a6fba",
    "h5": "#103f7a",
    "on-low": "#0c2138",
    "on-high": "#ffffff",
}
DARK: Mapping[str, str] = {
    "paper": "#0d1117",
    "soft": "#161b22",
    "line": "#30363d",
    "edge": "#7d8590",
    "ink": "#e6edf3",
    "quiet": "#9aa4af",
    "link": "#79b8ff",
    "create": "#7ee29a",
    "create-bg": "#10301b",
    "update": "#edc25c",
    "update-bg": "#352a08",
    "delete": "#ffa8a0",
    "delete-bg": "#42191b",
    "run": "#7dd3ec",
    "run-bg": "#0d2e3a",
    "forget": "#aab4bf",
    "forget-bg": "#262c34",
    "h1": "#12253a",
    "h2": "#1a3a5f",
    "h3": "#255285",
    "h4": "#67a8ea",
    "h5": "#b9daff",
    "on-low": "#e3effb",
    "on-high": "#08182b",
}
_ACTIONS = ("create", "update", "delete", "run", "forget")


def stylesheet() -> str:
    """Return the whole style sheet."""
    signs = "".join(f".s.{each}{{color:var(--{each});background:var(--{each}-bg)}}" for each in _ACTIONS)
    signs += "".join(f"i.{each}{{color:var(--{each})}}" for each in _ACTIONS) + "i.assert{color:var(--run)}"
    heat = "".join(f".h{n}{{background:var(--h{n});color:var(--on-{'low' if n < 4 else 'high'})}}" for n in range(1, 6))
    dark = f"@media (prefers-color-scheme:dark){{{_properties(DARK)}}}"
    return _properties(LIGHT) + dark + signs + heat + _RULES.replace("\n", "")


def _properties(colors: Mapping[str, str]) -> str:
    return ":root{" + ";".join(f"--{name}:{color}" for name, color in colors.items()) + "}"


_RULES = """
:root{color-scheme:light dark}
*{box-sizing:border-box}
[hidden]{display:none!important}
html{scroll-padding-top:1rem}
body{margin:0 auto;max-width:74rem;padding:1.25rem 1rem 4rem;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere;-webkit-text-size-adjust:100%}
code,pre{font:.9em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .4rem}
h2{font-size:1.15rem;margin:1.9rem 0 .5rem;width:fit-content}
h3{font-size:1rem;margin:1.25rem 0 .3rem}
h4{font-size:.95rem;margin:1rem 0 .3rem}
p,ul,dl{margin:.25rem 0}
a{color:var(--link);text-underline-offset:.3em}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
h2:focus-visible{outline-offset:4px}
small{display:block;font-size:.85em;font-weight:400;color:var(--quiet)}
.q,.meta{color:var(--quiet);font-size:.9em}
.meta span{white-space:nowrap}
.meta .digest{white-space:normal}
.f caption,.skip:not(:focus){position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
white-space:nowrap}
.skip{display:inline-block;padding:.6rem 1rem}
.tiles,.nav ul{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:0;margin:1rem 0 0}
.tiles li>*{display:flex;gap:.4em;align-items:center;min-height:2.75rem;padding:.25rem .9rem;border-radius:.5rem;
border:1px solid var(--line);background:var(--soft);color:inherit;text-decoration:none}
.tiles a:hover,.tools button:hover{border-color:var(--link)}
.tiles i{font:600 1rem/1 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.tiles b{font-size:1.15rem;font-variant-numeric:tabular-nums}
.tiles a>span{text-decoration:underline;text-decoration-color:var(--edge);text-underline-offset:.2em}
.nav ul{gap:0 1.1rem;margin:.5rem 0 0}
.nav a{display:inline-flex;align-items:center;min-height:2.5rem}
.refused{border:1px solid var(--delete);border-left-width:.35rem;border-radius:.5rem;background:var(--delete-bg);
padding:.5rem 1rem;margin:1rem 0}
.refused h2{margin:.25rem 0;color:var(--delete)}
.refused .q{color:inherit}
.msgs{list-style:none;padding:0}
.msgs>li{border-left:.2rem solid var(--edge);padding:.1rem 0 .1rem .75rem;margin:.6rem 0}
.msgs p{margin:.1rem 0}
.refused .msgs>li{border-color:var(--delete)}
.sev{text-transform:uppercase;font-size:.8em;letter-spacing:.04em}
.sev.error,.over{color:var(--delete)}
.sev.warning{color:var(--update)}
.s{display:inline-block;min-width:5.3em;padding:0 .5em;border-radius:.3rem;font:600 .85em/1.6 ui-monospace,
SFMono-Regular,Menlo,Consolas,monospace;white-space:nowrap}
.s.assert{color:var(--run);background:var(--run-bg)}
.mark{font-size:.85em;font-weight:600;color:var(--update);background:var(--update-bg);border-radius:.3rem;
padding:0 .5em;margin-left:.5em;white-space:nowrap}
.c{border:1px solid var(--line);border-radius:.5rem;margin:.5rem 0;scroll-margin-top:1rem}
.many .c{content-visibility:auto;contain-intrinsic-size:auto 3.5rem;margin:-1px 0 0;border-radius:0}
.many .c>summary{padding-top:.25rem;padding-bottom:.25rem;border-radius:0}
summary{cursor:pointer;min-height:2.75rem;padding:.5rem .75rem;border-radius:.5rem}
.c>summary{display:block;position:relative;padding-left:1.9rem}
.c>summary::before{content:"\\25B8";position:absolute;left:.75rem;color:var(--quiet)}
.c[open]>summary::before{content:"\\25BE"}
summary:hover{background:var(--soft)}
.c[open]>summary{background:var(--soft);border-radius:.5rem .5rem 0 0}
.c h3{display:inline;margin:0;font-weight:600}
.c>summary>.q{display:block}
.in{padding:.4rem .9rem .3rem 1.9rem}
.why{list-style:none;padding:0;color:var(--quiet);font-size:.93em;display:flex;flex-wrap:wrap;gap:0 1.25rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;font-size:.93em;margin:.5rem 0}
dt{color:var(--quiet)}
dd{margin:0;font-variant-numeric:tabular-nums}
.runs,.names{list-style:none;padding:0;margin:0}
.runs{display:flex;flex-wrap:wrap;gap:0 1.25rem}
table{border-collapse:collapse}
caption{text-align:left;font-weight:600;padding:.3rem 0}
.f,.t{width:100%;font-size:.93em;margin:.5rem 0}
.f{table-layout:fixed}
.f th,.f td,.t th,.t td{text-align:left;vertical-align:top;font-weight:400;padding:.3rem .75rem .3rem 0;
border-top:1px solid var(--line)}
.f th[scope=col],.t th[scope=col]{color:var(--quiet);font-size:.9em;border-top:0;padding-bottom:.1rem}
.f td,.f th[scope=row]{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9rem}
.f th:first-child{width:28%}
.t th[scope=col]{white-space:nowrap}
.wide .t{min-width:34rem}
.msgs .names{columns:22rem}
.t td.num,.t th.num{text-align:right;width:5.5rem;font-variant-numeric:tabular-nums;white-space:nowrap}
del,ins{text-decoration-thickness:1px;padding:.05em .3em;border-radius:.25rem;box-decoration-break:clone;
-webkit-box-decoration-break:clone}
del{color:var(--delete);background:var(--delete-bg);text-decoration-line:line-through}
ins{color:var(--create);background:var(--create-bg);text-decoration:none}
pre{margin:.25rem 0;padding:.6rem .75rem;background:var(--soft);border-radius:.4rem;white-space:pre-wrap}
.r{margin:.25rem 0 0;font-size:.93em}
.r>summary{padding-left:0;color:var(--link);display:flex;align-items:center}
.r>summary:hover{background:none;text-decoration:underline}
.r>summary::before{content:"\\25B8";margin-right:.5em}
.r[open]>summary::before{content:"\\25BE"}
.tools{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end;margin:.5rem 0 .75rem}
.tools label{display:grid;font-size:.85em;color:var(--quiet)}
.tools label:first-child{flex:1 1 14rem;max-width:26rem}
.tools input,.tools select,.tools button{font:inherit;font-size:1rem;color:var(--ink);background:var(--paper);
border:1px solid var(--edge);border-radius:.4rem;min-height:2.75rem;padding:.25rem .7rem;max-width:100%}
.tools button{cursor:pointer;background:var(--soft)}
.tools p{margin:0;flex-basis:100%}
.wide{overflow-x:auto;max-width:100%}
.maps{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,33rem),1fr));gap:1rem 1.5rem}
.heat{table-layout:fixed;width:100%;min-width:33rem;font-size:.7rem;line-height:1.6rem;
font-variant-numeric:tabular-nums;text-align:center}
.heat caption{font-size:.9rem;line-height:1.4}
.heat td,.heat th{padding:0;overflow-wrap:normal}
.heat td{border:1px solid var(--line)}
.heat thead td{border:0}
.heat td.p{background:var(--soft);border-color:transparent}
.heat th{font-weight:400;color:var(--quiet)}
.heat th[scope=row],.heat thead td{width:3.1rem;text-align:left}
.heat td.a{color:var(--create);background:var(--create-bg)}
.heat td.d{color:var(--delete);background:var(--delete-bg)}
.days{display:grid;grid-template-columns:repeat(7,1fr);font-size:.75rem;color:var(--quiet)}
.days span{border-left:1px solid var(--line);padding-left:.3em;white-space:nowrap;overflow:hidden}
.lanes{list-style:none;padding:0;font-size:.93em}
.lanes li{border-top:1px solid var(--line);padding:.3rem 0}
.lanes a{display:inline-block;padding:.15rem 0}
.lanes svg{display:block;width:100%;height:2rem}
path{fill:none;stroke:var(--quiet);stroke-width:2;vector-effect:non-scaling-stroke}
.day{stroke:var(--line);stroke-width:1}
.lost{stroke:var(--delete)}
.new{stroke:var(--create)}
.risk{stroke-dasharray:3 2}
svg.bar{display:block;width:100%;min-width:5rem;height:.7rem;margin:.2rem 0 0}
.was{fill:var(--edge)}
.is{fill:var(--link)}
rect.over{fill:var(--delete)}
.max{fill:var(--ink)}
.same{columns:26rem;list-style:none;padding:0;font-size:.9em}
footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:.75rem}
@media (min-width:50rem){.lanes li{display:grid;grid-template-columns:20rem 1fr;gap:0 1rem;align-items:center}
.days{margin-left:21rem}}
@media (max-width:40rem){.t td.num,.t th.num{width:3.9rem;padding-right:.4rem}svg.bar{min-width:0}}
@media (max-width:30rem){.in{padding-left:.75rem;padding-right:.75rem}dl{grid-template-columns:1fr}
dd{margin-bottom:.3rem}.runs{display:block}.f th:first-child{width:36%}.f td,.f th[scope=row]{font-size:.8rem}}
@media (forced-colors:active){.s,.mark,td[class]{border:1px solid}rect,path{forced-color-adjust:none}}
@media print{body{max-width:none;padding:0;font-size:10pt}.tools,.nav,.skip{display:none}
.many .c{content-visibility:visible}.c{break-inside:avoid-page}
details::details-content{content-visibility:visible;display:block}}
"""
