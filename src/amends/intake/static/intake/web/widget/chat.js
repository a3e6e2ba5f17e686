// The chat. Lines carry the id of their message: what came before is not shown twice, what was missed comes after a break.
function chatPart(setup) {
  const bad = problem();
  const box = el("div", {}, bad);
  let source = null;
  const begin = () => {
    const form = el(
      "form", { noValidate: true }, soft(setup.staffed ? words.staffed : words.nobody),
      ...field("name", "text", { autocomplete: "name", maxLength: 200 }), ...field("email", "email", { label: words.emailOptional, autocomplete: "email", maxLength: 254 }),
      ...field("text", "textarea", { required: true, maxLength: 4000 }), trap(), row(main(words.start)),
    );
    let stamp = setup.stamp;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = new FormData(form);
      body.append("stamp", stamp);
      try {
        const made = await ask("/widget/chat/", body);
        tab.set("chat", made);
        form.remove();
        say(bad, "");
        talk(made);
      } catch (trouble) {
        stamp = await renew(trouble, stamp);
        say(bad, said(trouble));
      }
    });
    box.append(form);
  };
  const talk = (chat) => {
    const post = (what, values, body = new URLSearchParams(values)) => ask(`/chat/${chat.token}/${what}/`, body);
    const list = el("div", { class: "log", role: "log", tabIndex: 0, "aria-label": words.chat });
    const presence = soft("", { role: "status" });
    const typing = soft(words.typing, { role: "status", hidden: true });
    const submit = main(words.send);
    const form = el("form", {}, ...field("text", "textarea", { label: words.message, maxLength: 4000 }), ...field("files", "file", { multiple: true }), row(submit));
    const { text: area, files } = form.elements;
    const foot = el("p", { class: "soft" }, `${words.reference} ${chat.reference} · `, link(chat.page, words.page));
    box.append(presence, list, typing, form, foot);
    let [newest, shown, key, told, sleeping] = [0, 0, newKey(), 0, 0];
    // what is in a closed dialog has not been seen
    const looked = () => !document.hidden && box.getClientRects().length;
    const seen = () => newest > shown && looked() && ((shown = newest), post("seen", { id: newest }).catch(() => (shown = 0)));
    const over = (next) => {
      source?.close();
      tab.set("chat", next);
      // long after the closing the words are in a new case, and the talk goes on there
      if (next) return talk(next, box.replaceChildren(bad));
      return box.replaceChildren(bad, el("p", {}, `${words.gone} `, link(chat.page, words.page)), button(words.again, () => begin(box.replaceChildren(bad))));
    };
    const listen = () => {
      source = new EventSource(`${api(`/chat/${chat.token}/live/`)}&after=${newest}`);
      source.addEventListener("line", (event) => {
        const line = JSON.parse(event.data);
        if (line.id <= newest) return;
        newest = line.id;
        list.append(el("div", { class: line.mine ? "mine" : "" }, el("b", { text: line.mine ? words.you : line.who || words.us }), [line.text, ...line.files.map((one) => `▤ ${one}`)].filter(Boolean).join("\n")));
        list.scrollTop = list.scrollHeight;
        if (looked()) seen();
        else if (!line.mine) box.dispatchEvent(new Event("news", { bubbles: true }));
      });
      source.addEventListener("state", (event) => {
        const state = JSON.parse(event.data);
        presence.textContent = state.agent ? words.here : state.staffed ? words.staffed : words.nobody;
        typing.hidden = !state.typing;
        clearTimeout(sleeping);
        sleeping = setTimeout(() => (typing.hidden = true), 6000);
      });
      source.addEventListener("error", () => {
        // the browser tries again by itself, after the last id
        if (source.readyState !== EventSource.CLOSED) return;
        post("typing", {}).then(() => setTimeout(listen, 3000), (trouble) => (trouble.status === 404 ? over() : setTimeout(listen, 5000)));
      });
    };
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (submit.disabled || !(area.value.trim() || files.value)) return;
      submit.disabled = true;
      const body = new FormData(form);
      body.append("key", key);
      try {
        const done = await post("say", {}, body);
        key = newKey();
        form.reset();
        say(bad, "");
        if (done.moved) return over(done.moved);
      } catch (trouble) {
        if (trouble.status === 404) return over();
        // the same key goes with the next try: nothing doubles
        say(bad, said(trouble));
      } finally {
        submit.disabled = false;
      }
      return area.focus();
    });
    area.addEventListener("keydown", (event) => event.key === "Enter" && !event.shiftKey && !event.isComposing && (event.preventDefault(), form.requestSubmit()));
    area.addEventListener("input", () => Date.now() - told > 3000 && ((told = Date.now()), post("typing", {}).catch(() => 0)));
    document.addEventListener("visibilitychange", seen);
    new ResizeObserver(seen).observe(box);
    addEventListener("pagehide", () => navigator.sendBeacon(api(`/chat/${chat.token}/leave/`)));
    listen();
  };
  const known = tab.get("chat");
  if (known) talk(known);
  else begin();
  return box;
}
