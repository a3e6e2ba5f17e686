// The button and the dialog: the browser's own, so that focus stays inside and Escape leaves.
function frame() {
  const host = document.createElement("div");
  if (given.theme) host.style.colorScheme = given.theme;
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  const title = el("h2", { id: "title", text: words.form });
  const body = el("div", { class: "body" });
  const dialog = el("dialog", { "aria-labelledby": "title" }, el("div", { class: "head" }, title, button(words.close, () => dialog.close())), body);
  const open = button(given.label || words.open, null, { class: "open", "aria-haspopup": "dialog" });
  root.append(el("div", { lang }, open, dialog));
  let filled = false;
  async function fill() {
    try {
      const setup = await ask("/widget/start/");
      Object.assign(words, setup.words);
      filled = true;
      if (setup.ink[0]) sheet.insertRule(`:host { --accent: light-dark(${setup.colours}); --on: light-dark(${setup.ink}) }`, sheet.cssRules.length);
      title.textContent = setup.title || words.form;
      show(setup);
    } catch (trouble) {
      body.replaceChildren(el("p", { role: "alert", text: said(trouble) }), link(`${home}/complain/${given.unit ? `${encodeURIComponent(given.unit)}/` : ""}?lang=${lang}`, home));
    }
  }
  function show(setup) {
    const form = complaintForm(setup);
    const intro = setup.intro ? soft(setup.intro) : "";
    if (!setup.chat) return body.replaceChildren(intro, form);
    const panes = { form: el("div", {}, form), chat: el("div", { hidden: true }) };
    const tabs = Object.keys(panes).map((name) =>
      button(words[name], () => choose(name), { "aria-pressed": name === "form" }),
    );
    const choose = (name) => {
      if (name === "chat" && !panes.chat.firstChild) panes.chat.append(chatPart(setup));
      Object.entries(panes).forEach(([key, pane], number) => {
        pane.hidden = key !== name;
        tabs[number].ariaPressed = key === name;
      });
    };
    body.replaceChildren(intro, el("div", { class: "tabs", role: "group", "aria-label": words.form }, ...tabs), panes.form, panes.chat);
    if (given.start === "chat" || tab.get("chat")) choose("chat");
    return undefined;
  }
  const label = open.textContent;
  dialog.addEventListener("news", () => (open.textContent = `● ${words.fresh}`));
  open.addEventListener("click", () => {
    open.textContent = label;
    dialog.showModal();
    if (!filled) fill();
  });
  dialog.addEventListener("close", () => open.focus());
  document.body.append(host);
}
if (document.body) frame();
else document.addEventListener("DOMContentLoaded", frame);
