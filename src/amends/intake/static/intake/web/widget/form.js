// The complaint form. The stamp is kept with the draft: sent again after a broken connection, it is still one complaint.
const KEPT = ["text", "wish", "name", "email", "phone"];
function complaintForm(setup) {
  const bad = problem();
  const shared = el("input", { type: "checkbox", checked: kept.get("shared") === true, id: "f-shared" });
  const draft = shared.checked ? null : kept.get("draft");
  let stamp = draft?.stamp || setup.stamp;
  const note = soft("", { role: "status", hidden: !draft });
  const submit = main(words.send);
  const form = el(
    "form", { noValidate: true }, note, bad,
    ...field("text", "textarea", { required: true, maxLength: 50000 }), ...field("wish", "textarea", { rows: 2, maxLength: 5000 }),
    ...field("name", "text", { autocomplete: "name", maxLength: 200 }), ...field("email", "email", { autocomplete: "email", maxLength: 254 }),
    ...field("phone", "tel", { autocomplete: "tel", maxLength: 60 }), ...field("files", "file", { multiple: true }), trap(),
    el("label", { class: "check", htmlFor: "f-shared" }, shared, el("span", { text: words.shared })),
    row(submit),
  );
  const fields = form.elements;
  const forget = () => (kept.set("draft", null), say(note, ""));
  if (draft) {
    for (const name of KEPT) fields[name].value = draft[name] || "";
    note.append(`${words.kept} `, button(words.forget, () => (form.reset(), forget())));
  }
  const keep = () => {
    if (shared.checked) return;
    const values = Object.fromEntries(KEPT.map((name) => [name, fields[name].value]));
    kept.set("draft", Object.values(values).some(Boolean) ? { ...values, stamp } : null);
  };
  form.addEventListener("input", keep);
  shared.addEventListener("change", () => (kept.set("shared", shared.checked || null), shared.checked ? forget() : keep()));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (submit.disabled) return;
    submit.disabled = true;
    submit.textContent = words.sending;
    say(bad, "");
    const body = new FormData(form);
    body.append("stamp", stamp);
    try {
      const done = await ask("/widget/complaint/", body);
      kept.set("draft", null);
      form.replaceWith(el("div", { role: "status" }, el("p", { text: words.thanks }), el("p", { text: `${words.reference} ${done.reference}` }), el("p", {}, link(done.page, words.page))));
      return;
    } catch (trouble) {
      stamp = await renew(trouble, stamp);
      say(bad, said(trouble));
      fields[trouble.field]?.focus?.();
      keep();
    }
    submit.disabled = false;
    submit.textContent = words.send;
  });
  return form;
}
