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

function keepDraft(form) {
  const key = `amends:${form.dataset.draftForm}`;
  const fields = [...form.querySelectorAll("[data-draft]")];
  const draft = stored(key);
  if (draft && fields.every((field) => !field.value)) {
    for (const field of fields) field.value = draft.values[field.name] || "";
  }
  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => store(key, Object.fromEntries(fields.map((field) => [field.name, field.value]))), 400);
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
    for (const key of Object.keys(localStorage)) if (key.startsWith(`amends:${prefix}`)) localStorage.removeItem(key);
  } catch {
    /* there is nothing to remove where nothing can be kept */
  }
}

for (const done of document.querySelectorAll("[data-draft-sent]")) forgetAll(done.dataset.draftSent);
for (const form of document.querySelectorAll("form[data-draft-form]")) keepDraft(form);
for (const form of document.querySelectorAll("form[data-once]")) sendOnce(form);
