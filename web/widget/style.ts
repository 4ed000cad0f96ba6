// The widget's styles: an adopted sheet, so that the host page needs no style-src.

export const css = `
:host{all:initial;--ink:#1d1b18;--dim:#57534b;--paper:#fff;--sunk:#efede7;--line:#e2dfd7;--edge:#8b867b;--accent:#0f6b62;--on:#fff;--bad:#b3261e;
position:fixed;inset:auto 20px 20px auto;z-index:2147483000;font:15px/1.5 system-ui,sans-serif;color:var(--ink);color-scheme:light dark}
@media(prefers-color-scheme:dark){:host(:not([theme=light])){--ink:#edece6;--dim:#b9b8b0;--paper:#1a1c19;--sunk:#262924;--line:#31342e;--edge:#7d8177;--accent:#5ec9bb;--on:#08211e;--bad:#ff9a90}}
:host([theme=dark]){--ink:#edece6;--dim:#b9b8b0;--paper:#1a1c19;--sunk:#262924;--line:#31342e;--edge:#7d8177;--accent:#5ec9bb;--on:#08211e;--bad:#ff9a90}
:host([theme=light]){color-scheme:light}:host([theme=dark]){color-scheme:dark}
*{box-sizing:border-box;font:inherit;color:inherit}[hidden]{display:none!important}
button{background:none;border:0;padding:0;cursor:pointer;border-radius:8px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
svg{width:22px;height:22px;fill:none;stroke:currentColor;stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round;display:block}
.launch{width:56px;height:56px;border-radius:50%;background:var(--accent);color:var(--on);display:grid;place-items:center;margin-left:auto;position:relative;box-shadow:0 4px 14px #0003}
.launch svg{width:26px;height:26px}
.badge{position:absolute;top:-4px;right:-4px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;background:var(--bad);color:var(--paper);font-size:12px;line-height:22px;font-weight:600;text-align:center}
.hail{display:block;max-width:260px;margin:0 0 12px auto;padding:10px 14px;border-radius:14px;background:var(--paper);border:1px solid var(--line);box-shadow:0 4px 14px #0002;text-align:left}
.panel{display:flex;flex-direction:column;width:372px;height:min(620px,calc(100dvh - 110px));margin-bottom:14px;background:var(--paper);border:1px solid var(--line);border-radius:16px;overflow:hidden;box-shadow:0 12px 40px #0003;animation:in .16s ease-out}
@keyframes in{from{opacity:0;transform:translateY(8px)}}
header{display:flex;align-items:center;gap:12px;padding:14px 10px 14px 16px;border-bottom:1px solid var(--line)}
header div{flex:1;min-width:0}h2{margin:0;font-size:16px;font-weight:600;overflow-wrap:anywhere}header p{margin:0;font-size:13px;color:var(--dim)}
.icon{width:40px;height:40px;display:grid;place-items:center;flex:none;color:var(--dim)}.icon:hover{background:var(--sunk)}
.bar{margin:0;padding:8px 14px;background:var(--sunk);color:var(--dim);font-size:13px;text-align:center}
.log{flex:1;overflow-y:auto;overscroll-behavior:contain;padding:16px;display:flex;flex-direction:column;gap:6px}
.msg{max-width:82%;padding:9px 13px;border-radius:14px;background:var(--sunk);align-self:flex-start;white-space:pre-wrap;overflow-wrap:anywhere}
.me{align-self:flex-end;background:var(--accent);color:var(--on)}
.msg p{margin:0}.msg a,.file{text-decoration:underline;text-align:left}strong{font-weight:600}em{font-style:italic}code{font:13px ui-monospace,monospace}
.rich,blockquote{display:grid;gap:8px;min-width:0}.rich :is(ul,ol,pre,blockquote){margin:0}.rich :is(ul,ol){padding-inline-start:22px}blockquote{padding-inline-start:10px;border-inline-start:2px solid var(--edge)}
.meta{display:block;font-size:12px;color:var(--dim)}.me .meta{color:inherit}
.wrong{color:var(--bad);font-size:13px;align-self:flex-end;text-align:right}.wrong button{text-decoration:underline;padding:2px 4px}
.file{display:block;padding:2px 0}
form{padding:12px;display:grid;gap:8px;overflow:auto}label{display:grid;gap:4px;font-size:14px}
input,textarea{font-size:16px;width:100%;padding:9px 12px;border:1px solid var(--edge);border-radius:10px;background:var(--paper)}
::placeholder{color:var(--dim);opacity:1}
.go{background:var(--accent);color:var(--on);padding:10px}.skip{padding:8px;color:var(--dim)}
.write{display:flex;align-items:flex-end;gap:4px;padding:10px;border-top:1px solid var(--line)}
textarea{field-sizing:content;min-height:44px;max-height:140px;resize:none;flex:1}
.write .icon{height:44px}.send{color:var(--accent)}
.chips{display:grid;gap:4px;padding:8px 14px 0;font-size:13px}.chip{display:flex;align-items:center;gap:8px}.chip span{flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
progress{width:80px;accent-color:var(--accent)}.chip button{width:28px;height:28px;display:grid;place-items:center}.chip svg{width:16px;height:16px}
@media(max-width:480px){:host{inset:auto 16px calc(16px + env(safe-area-inset-bottom)) auto}:host([open]){inset:0}
.panel{width:100%;height:100%;margin:0;border:0;border-radius:0;padding:env(safe-area-inset-top) 0 env(safe-area-inset-bottom)}:host([open]) .launch{display:none}:host([open]) .root{height:100%}}
@media(prefers-reduced-motion:reduce){.panel{animation:none}}
@media(forced-colors:active){.msg,.launch,.go{border:1px solid}}
@media print{:host{display:none}}`;
