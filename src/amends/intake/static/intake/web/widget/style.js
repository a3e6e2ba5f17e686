// Nothing in it moves. In a constructed style sheet: a strict policy of the host page for styles does not touch it, nor do its own styles.
const STYLE = `
:host { all: initial; color-scheme: light dark; --accent: light-dark(#1c5d9f, #8bbcf3); --on: light-dark(#fff, #0e1c2c);
  --ground: light-dark(#fff, #1e2023); --sunken: light-dark(#f2f0ec, #121314); --ink: light-dark(#1e2022, #e9e7e2);
  --soft: light-dark(#4d5055, #bcbec2); --line: light-dark(#87837a, #7c828a); --bad: light-dark(#ab231c, #f59e97); }
* { box-sizing: border-box; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); }
[hidden] { display: none !important; }
button { min-height: 44px; padding: 0 18px; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); cursor: pointer; }
.open, .main { border-color: var(--accent); background: var(--accent); color: var(--on); font-weight: 600; }
.open { position: fixed; inset: auto 16px 16px auto; z-index: 2147483000; border-radius: 24px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
dialog { position: fixed; inset: auto 16px 16px auto; width: min(420px, calc(100vw - 16px)); max-height: calc(100dvh - 32px); margin: 0; padding: 0;
  border: 1px solid var(--line); border-radius: 10px; background: var(--ground); overflow: auto; }
.head { display: flex; gap: 12px; align-items: center; justify-content: space-between; padding: 12px 16px 0; }
h2 { margin: 0; font-size: 19px; font-weight: 650; }
.body { padding: 8px 16px 16px; }
p { margin: 8px 0; overflow-wrap: anywhere; } a { color: var(--accent); }
.tabs { display: flex; gap: 8px; } .tabs [aria-pressed=true] { border: 2px solid var(--accent); font-weight: 600; }
label { display: block; margin: 10px 0 2px; font-weight: 550; } .check { display: flex; gap: 8px; align-items: center; font-weight: 400; }
input, textarea { width: 100%; min-height: 44px; padding: 8px 10px; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); }
.check input { width: 20px; min-height: 20px; accent-color: var(--accent); } textarea { min-height: 72px; }
.row { margin-top: 12px; } .soft { color: var(--soft); font-size: 14px; }
.bad { padding: 8px 12px; border-left: 3px solid var(--bad); background: var(--sunken); }
.trap { position: absolute; left: -9999px; }
.log { display: flex; flex-direction: column; gap: 10px; min-height: 60px; max-height: 40dvh; margin: 8px 0; padding: 10px; overflow-y: auto; background: var(--sunken); }
.log > * { max-width: 86%; padding: 6px 10px; border-radius: 6px; background: var(--ground); white-space: pre-line; } .log > .mine { align-self: flex-end; border: 1px solid var(--accent); }
.log b { display: block; font-size: 13px; font-weight: 600; color: var(--soft); }
@media (max-width: 480px) { dialog { inset: auto 0 0; width: 100vw; max-width: 100vw; max-height: 92dvh; border-radius: 10px 10px 0 0; } }
`;
