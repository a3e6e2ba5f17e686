// What the customer's and the colleague's page of a chat share: drawing lines, sending, listening. All text is text, never markup.
export const newKey = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");

export function draw(list, line, { mine, way }) {
  if (list.querySelector(`[data-line="${Number(line.id)}"]`)) return; // a line that came before is not shown twice
  const pattern = list.parentElement.querySelector("template[data-line-pattern]").content.firstElementChild.cloneNode(true);
  pattern.dataset.line = line.id;
  pattern.classList.add(mine ? "line--mine" : "line--theirs");
  pattern.querySelector("strong").textContent = line.who || list.dataset.nobody || "";
  const time = pattern.querySelector("time");
  time.dateTime = line.at;
  time.textContent = new Date(line.at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const words = pattern.querySelector("p");
  words.textContent = line.text;
  words.hidden = !line.text;
  pattern.querySelector("[data-files]").append(...(line.files || []).map(fileItem));
  if (way) pattern.querySelector("[data-way]").textContent = way;
  const after = [...list.children].find((one) => Number(one.dataset.line) > line.id);
  list.insertBefore(pattern, after ?? null);
  list.scrollTop = list.scrollHeight;
}

// A file by its name; with an address (the colleague's page) it can be fetched.
function fileItem(file) {
  const item = document.createElement("li");
  const name = file.url ? item.appendChild(document.createElement("a")) : item;
  if (file.url) Object.assign(name, { href: file.url, download: "" });
  name.textContent = file.name ?? file;
  return item;
}

export const last = (list) => Math.max(0, ...[...list.children].map((one) => Number(one.dataset.line) || 0));

export function send(address, values, headers = {}) {
  return fetch(address, { method: "POST", headers: { Accept: "application/json", ...headers }, body: values instanceof FormData ? values : new URLSearchParams(values) });
}

// A form that sends a line, keeps the words until they have arrived, and sends the same line again with the same key.
export function sender(form, headers, sent) {
  const area = form.querySelector("textarea");
  const files = form.elements.files;
  const button = form.querySelector("[type=submit]");
  const problem = form.querySelector("[data-problem]");
  const say = (words) => ((problem.textContent = words), (problem.hidden = !words));
  let busy = false;
  async function go() {
    const text = area.value.trim();
    if (busy || !(text || files?.files.length)) return;
    busy = true;
    const label = button.textContent;
    if (files?.files.length) button.textContent = button.dataset.busy || label; // words are there at once, files take a while
    try {
      const values = files?.files.length ? new FormData(form) : { text, key: form.elements.key.value };
      const answer = await send(form.dataset.say, values, headers);
      if (answer.ok) {
        form.elements.key.value = newKey();
        area.value = "";
        if (files) files.value = "";
        say("");
        sent?.(await answer.json().catch(() => ({})));
      } else say((await answer.json().catch(() => ({}))).message || form.dataset.lost);
    } catch {
      say(form.dataset.lost); // the words and the key stay: pressing again cannot double them
    }
    busy = false;
    button.textContent = label;
    area.focus();
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go();
  });
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    go();
  });
  let told = 0;
  area.addEventListener("input", () => {
    if (!area.value.trim() || Date.now() - told < 3000) return;
    told = Date.now();
    send(form.dataset.typing, {}, headers).catch(() => {}); // nobody misses a sign that somebody types
  });
}

// The browser opens a broken stream again by itself and says which line it had last; a refusal it does not, so we do.
export function listen(address, after, { line, state, lost }) {
  let source = null;
  let newest = after;
  const open = () => {
    source = new EventSource(`${address}?after=${newest}`);
    source.addEventListener("line", (event) => {
      newest = Math.max(newest, Number(event.lastEventId) || 0);
      line(JSON.parse(event.data));
    });
    source.addEventListener("state", (event) => state(JSON.parse(event.data)));
    source.addEventListener("open", () => lost?.(false));
    source.addEventListener("error", () => {
      lost?.(true);
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 5000);
    });
  };
  open();
}

export function typingSign(element) {
  let waiting = 0;
  return (on) => {
    clearTimeout(waiting);
    element.hidden = !on;
    if (on) waiting = setTimeout(() => (element.hidden = true), 6000);
  };
}
