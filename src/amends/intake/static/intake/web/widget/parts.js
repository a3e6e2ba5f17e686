// Small things: elements, requests, and what is kept in this browser. Text is set as text, never as markup.
const el = (name, values = {}, ...inside) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(values)) {
    if (key === "text") made.textContent = value;
    else if (key in made && key !== "form") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...inside.filter(Boolean));
  return made;
};
const api = (path) => `${home}${path}${path.includes("?") ? "&" : "?"}unit=${encodeURIComponent(given.unit || "")}&lang=${lang}`;
async function ask(path, body) {
  // A "simple" request: no cookie goes along, and what it carries is all that counts.
  const answer = await fetch(api(path), { method: body ? "POST" : "GET", body, credentials: "omit" });
  const found = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(found.message), { said: found.message, field: found.field, status: answer.status });
  return found;
}
const place = (name) => `amends:${home}:${given.unit || ""}:${name}`;
const AGE = 7 * 864e5;
const keeper = (store) => ({
  get(name) {
    try {
      const found = JSON.parse(window[store].getItem(place(name)) || "null");
      return found && Date.now() - found.at < AGE ? found.value : null;
    } catch {
      // no storage here: nothing to bring back
      return null;
    }
  },
  set(name, value) {
    try {
      if (!value) window[store].removeItem(place(name));
      else window[store].setItem(place(name), JSON.stringify({ at: Date.now(), value }));
    } catch {
      // storage is full or forbidden: it works without
      return;
    }
  },
});
const kept = keeper("localStorage");
// the secret of a chat: for this tab only
const tab = keeper("sessionStorage");
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
const problem = () => el("p", { class: "bad", role: "alert", hidden: true });
const renew = async (trouble, stamp) => (trouble.field === "stamp" || trouble.status === 409 ? (await ask("/widget/start/").catch(() => ({ stamp }))).stamp : stamp);
const said = (trouble) => (trouble.said ? trouble.message : words.lost);
const button = (text, onclick, more) => el("button", { type: "button", text, onclick, ...more });
const main = (text) => el("button", { class: "main", type: "submit", text });
const row = (inside) => el("div", { class: "row" }, inside);
const soft = (text, more) => el("p", { class: "soft", text, ...more });
const say = (where, text) => ((where.textContent = text), (where.hidden = !text));
let ids = 0;
const field = (name, kind, more = {}) => {
  const input = el(kind === "textarea" ? "textarea" : "input", { name, id: `f${++ids}`, ...(kind === "textarea" ? {} : { type: kind }), ...more });
  return [el("label", { htmlFor: input.id, text: more.label || words[name] }), input];
};
const link = (href, text) => el("a", { href, target: "_blank", rel: "noopener", text });
const trap = () => el("div", { class: "trap", "aria-hidden": "true" }, ...field("fax_extension", "text", { label: words.trap, tabIndex: -1, autocomplete: "off" }));
