// The palette (mod+K): everything the page can do, and the cases that match what is typed.
const dialog = document.getElementById("palette");
const field = dialog?.querySelector("input");
const list = dialog?.querySelector("[role=listbox]");
const made = dialog?.querySelector("[data-commands]");
const found = dialog?.querySelector("[data-found]");
let chosen = 0;
let waiting;

const options = () => [...list.querySelectorAll("[role=option]:not([hidden])")];

function choose(index) {
  const all = options();
  chosen = all.length ? (index + all.length) % all.length : 0;
  const current = all[chosen];
  for (const option of list.querySelectorAll("[role=option]")) option.setAttribute("aria-selected", String(option === current));
  field.setAttribute("aria-activedescendant", current ? current.id : "");
  current?.scrollIntoView({ block: "nearest" });
}

function entry(element, index) {
  const option = document.getElementById("palette-option").content.firstElementChild.cloneNode(true);
  option.id = `command-${index}`;
  option.querySelector("[data-label]").textContent = element.dataset.command || element.textContent.trim();
  const key = option.querySelector("kbd");
  if (element.dataset.key) key.textContent = element.dataset.key;
  else key.remove();
  option.command = () => {
    if (element.matches("summary")) {
      element.parentElement.open = true;
      element.parentElement.querySelector(".menu__sheet :is(input:not([type=hidden]), textarea, select, button)")?.focus();
    } else if (element.matches("input, textarea, select")) element.focus();
    else element.click();
  };
  return option;
}

function open() {
  const seen = new Set();
  const commands = [...document.querySelectorAll("[data-command]")].filter((element) => {
    const name = element.dataset.command;
    // What stands in a closed menu of the bar can be reached from here all the same.
    return (element.checkVisibility() || element.closest(".bar__areas .menu")) && !seen.has(name) && seen.add(name);
  });
  made.replaceChildren(...commands.map(entry));
  field.value = "";
  found.replaceChildren();
  dialog.showModal();
  choose(0);
}

async function look(text) {
  if (text.length < 2) return found.replaceChildren();
  const answer = await fetch(`${dialog.dataset.search}?q=${encodeURIComponent(text)}`, { headers: { Accept: "text/html", "X-Palette": "1" } });
  if (!answer.ok || field.value.trim() !== text) return undefined;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  found.replaceChildren(...page.querySelectorAll("[role=option]"));
  return choose(chosen);
}

function run(option) {
  if (!option) return;
  dialog.close();
  if (option.command) option.command();
  else location.assign(option.dataset.href);
}

if (dialog) {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (dialog.open) dialog.close();
      else open();
    }
  });
  field.addEventListener("input", () => {
    const text = field.value.trim();
    const words = text.toLowerCase().split(/\s+/);
    for (const option of made.children) option.hidden = !words.every((word) => option.textContent.toLowerCase().includes(word));
    choose(0);
    clearTimeout(waiting);
    waiting = setTimeout(() => look(text), 150);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    else if (event.key === "Enter") run(options()[chosen]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => run(event.target.closest("[role=option]")));
  document.querySelectorAll("[data-open-palette]").forEach((button) => button.addEventListener("click", open));
}
