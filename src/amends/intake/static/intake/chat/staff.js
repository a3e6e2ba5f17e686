// The colleague's side: lines as they come, whether the customer is there, and the list of who waits.
import { draw, last, listen, sender, typingSign } from "./talk.js";

const token = JSON.parse(document.body.getAttribute("hx-headers") || "{}");
const page = document.querySelector("[data-chats]");
const talk = document.querySelector("[data-chat]");
let mark = null;

function look(state) {
  if (mark !== null && mark !== state.list) htmx.trigger("#chat-list", "refresh");
  mark = state.list;
}

if (talk) {
  const list = talk.querySelector("[data-lines]");
  const words = list.dataset;
  const form = talk.querySelector("form[data-say]");
  const typing = typingSign(talk.querySelector("[data-typing-sign]"));
  const presence = talk.querySelector("[data-presence]");
  const say = { waiting: words.waiting, seen: words.seen, passed_on: words.passed };
  listen(talk.dataset.live, last(list), {
    line: (line) => draw(list, line, { mine: !line.mine, way: say[line.way] }),
    state: (state) => {
      presence.textContent = state.here ? presence.dataset.here : presence.dataset.gone;
      presence.dataset.state = state.here ? "here" : "gone";
      typing(state.typing);
      for (const [id, way] of Object.entries(state.ways)) {
        const place = list.querySelector(`[data-line="${Number(id)}"] [data-way]`);
        if (place) place.textContent = say[way] || "";
      }
      look(state);
    },
    lost: (yes) => (talk.querySelector("[data-lost]").hidden = !yes),
  });
  list.scrollTop = list.scrollHeight;
  if (form) {
    sender(form, token);
    form.querySelector("textarea").focus();
  }
  addEventListener("pagehide", () => {
    fetch(talk.dataset.leave, { method: "POST", headers: token, keepalive: true }).catch(() => {}); // the page is going
  });
} else if (page) listen(page.dataset.live, 0, { line: () => {}, state: look });

// Up and down in the list with the arrow keys, as well as with Tab.
document.addEventListener("keydown", (event) => {
  const link = event.target.closest?.("#chat-list a");
  if (!link || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  const links = [...document.querySelectorAll("#chat-list a")];
  links[(links.indexOf(link) + (event.key === "ArrowDown" ? 1 : links.length - 1)) % links.length].focus();
});
