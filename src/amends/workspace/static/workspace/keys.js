// Single-letter keys. An element says its key with data-key; this file only finds it and presses it.
// Off while somebody writes or a dialog is open, and off altogether when the person switched them off (WCAG 2.1.4).
const WRITING = "input, textarea, select, [contenteditable]";

const enabled = () => document.body.dataset.shortcuts !== "off";
const visible = (element) => element.checkVisibility({ visibilityProperty: true });
const find = (selector) => [...document.querySelectorAll(selector)].find(visible);

function press(element) {
  const details = element.closest("summary")?.parentElement;
  if (details) details.open = true;
  else if (!element.matches(WRITING)) return element.click();
  const target = details ? details.querySelector(element.dataset.focus || `.menu__sheet :is(${WRITING}, button, a)`) : element;
  (target || element).focus();
  return undefined;
}

function move(by) {
  const links = [...document.querySelectorAll("[data-row-link]")].filter(visible);
  if (!links.length) return;
  const here = links.indexOf(document.activeElement);
  const current = links.findIndex((link) => link.closest("[data-row]").ariaCurrent === "true");
  const from = here >= 0 ? here : current;
  const next = links[Math.min(links.length - 1, Math.max(0, from < 0 ? 0 : from + by))];
  next.focus();
  next.closest("[data-row]").scrollIntoView({ block: "nearest" });
}

async function copyReference() {
  const source = find("[data-copy]") && (document.activeElement.closest?.("[data-row]")?.querySelector("[data-copy]") || find("[data-copy]"));
  if (!source) return;
  try {
    await navigator.clipboard.writeText(source.dataset.copy);
    document.dispatchEvent(new CustomEvent("toast", { detail: { text: `${document.body.dataset.copied} ${source.dataset.copy}` } }));
  } catch {
    getSelection().selectAllChildren(source); // no clipboard without https: select it, so that the usual copy key works
  }
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const writing = event.target.closest?.(WRITING);
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.form) {
    event.preventDefault();
    event.target.form.requestSubmit(event.target.form.querySelector("[data-send]") || undefined);
    return;
  }
  if (event.key === "Escape") {
    const menu = event.target.closest?.("details.menu[open]") || document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (writing) event.target.blur();
    return;
  }
  // Alt is left alone: on a Mac Option+L types "@", and a letter must never turn into an act.
  if (event.ctrlKey || event.metaKey || event.altKey || writing || !enabled() || document.querySelector("dialog[open]")) return;
  if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
  else if (event.key === ".") copyReference();
  else if (event.key === "?") document.getElementById("shortcuts")?.showModal();
  else {
    const element = find(`[data-key="${CSS.escape(event.key)}"]`);
    if (!element) return;
    press(element);
  }
  event.preventDefault();
});

// A menu closes when the focus or the pointer goes elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.querySelector('.pane--list [data-row][aria-current="true"]')?.scrollIntoView({ block: "center" });
