/* Keeps what is being written in this browser until it is sent, and lets a form be sent once. Works on forms with
   data-draft-form="name" (fields with data-draft are kept) and data-once. Without JavaScript the forms work as well. */
const AGE = 7 * 24 * 3600 * 1000;

function stored(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(key) || "null");
    return draft && Date.now() - draft.at < AGE ? draft : null;
  } catch {
    return null; // no storage in this browser: nothing to bring back
  }
}

function store(key, values) {
  try {
    localStorage.setItem(key, JSON.stringify({ at: Date.now(), values }));
  } catch {
    /* storage is full or forbidden: writing goes on without a draft */
  }
}

function remove(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    /* there is nothing to remove where nothing can be kept */
  }
}

// The stamp of the form is kept with the words: sent again after a broken connection, they are still one complaint.
function keepDraft(form) {
  const key = `amends:${form.dataset.draftForm}`;
  const fields = [...form.querySelectorAll("[data-draft]")];
  const stamp = form.querySelector("[data-draft-stamp]");
  const shared = form.querySelector("[data-draft-shared]");
  const box = shared?.querySelector("input");
  const back = form.querySelector("[data-draft-back]");
  if (shared) {
    shared.hidden = false;
    box.checked = Boolean(stored(`${key}:shared`));
  }
  const draft = box?.checked ? null : stored(key);
  if (draft && fields.every((field) => !field.value)) {
    for (const field of fields) field.value = draft.values[field.name] || "";
    if (stamp && draft.values.stamp) stamp.value = draft.values.stamp;
    if (back && fields.some((field) => field.value)) back.hidden = false;
  }
  let waiting = 0;
  const forget = () => (clearTimeout(waiting), remove(key));
  const keep = () => store(key, { ...Object.fromEntries(fields.map((field) => [field.name, field.value])), stamp: stamp?.value });
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    if (!box?.checked) waiting = setTimeout(keep, 400);
  });
  form.addEventListener("submit", () => {
    if (!box?.checked) keep(); // with the stamp that goes out now: sent once more after a broken connection, it is known
  });
  box?.addEventListener("change", () => {
    if (box.checked) {
      forget();
      store(`${key}:shared`, true);
    } else {
      remove(`${key}:shared`);
      keep();
    }
  });
  back?.querySelector("button").addEventListener("click", () => {
    for (const field of fields) field.value = "";
    forget();
    back.hidden = true;
    fields[0].focus();
  });
  const offline = form.querySelector("[data-draft-offline]");
  form.addEventListener("submit", (event) => {
    if (!offline || navigator.onLine) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // it has not been sent: the button stays ready
    offline.hidden = false;
    addEventListener("online", () => (offline.hidden = true), { once: true });
  });
}

function sendOnce(form) {
  const button = form.querySelector("button[data-busy]");
  const words = button ? button.textContent : "";
  form.addEventListener("submit", (event) => {
    if (form.dataset.sending) return event.preventDefault();
    form.dataset.sending = "yes";
    if (button) button.textContent = button.dataset.busy;
  });
  addEventListener("pageshow", () => {
    delete form.dataset.sending;
    if (button) button.textContent = words;
  });
}

function forgetAll(prefix) {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(`amends:${prefix}`) && !key.endsWith(":shared")) localStorage.removeItem(key);
  } catch {
    /* there is nothing to remove where nothing can be kept */
  }
}

for (const done of document.querySelectorAll("[data-draft-sent]")) forgetAll(done.dataset.draftSent);
for (const form of document.querySelectorAll("form[data-draft-form]")) keepDraft(form);
for (const form of document.querySelectorAll("form[data-once]")) sendOnce(form);
