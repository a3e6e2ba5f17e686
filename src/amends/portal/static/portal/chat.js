// The customer's side of the chat on their own page. Without JavaScript the same page works as a form.
import { draw, last, listen, send, sender, typingSign } from "../intake/chat/talk.js";

const talk = document.querySelector("[data-chat]");
if (talk) {
  const list = talk.querySelector("[data-lines]");
  const form = talk.querySelector("form[data-say]");
  const presence = talk.querySelector("[data-presence]");
  const typing = typingSign(talk.querySelector("[data-typing-sign]"));
  let shown = 0;
  const tell = () => {
    const newest = last(list);
    if (newest <= shown || document.hidden) return; // what was not looked at has not been seen
    shown = newest;
    send(talk.dataset.seen, { id: newest }).catch(() => (shown = 0));
  };
  listen(talk.dataset.live, last(list), {
    line: (line) => {
      draw(list, line, { mine: line.mine });
      tell();
    },
    state: (state) => {
      presence.textContent = state.agent ? presence.dataset.agent : state.staffed ? presence.dataset.staffed : presence.dataset.nobody;
      presence.dataset.state = state.agent || state.staffed ? "here" : "gone";
      typing(state.typing);
    },
    lost: (yes) => (talk.querySelector("[data-lost]").hidden = !yes),
  });
  document.addEventListener("visibilitychange", tell);
  tell();
  list.scrollTop = list.scrollHeight;
  // the case was closed long ago: the words are in a new one, and so are we
  sender(form, {}, (done) => done.moved && location.assign(`${new URL(done.moved.page).pathname}chat/`));
  addEventListener("pagehide", () => navigator.sendBeacon(talk.dataset.leave));
}
