// 「表示」 in place: the same form, the same gate, the same record; only the card stays where it is. Without this file a page opens.
"use strict";
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-reveal]")) return;
  event.preventDefault();
  const button = form.querySelector("button");
  const body = new FormData(form);
  body.set("item", button.value);
  const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return openPage(form, button.value);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const shown = form.parentElement.querySelector("[data-revealed]");
  shown.replaceChildren(...[...page.querySelectorAll("[data-line]")].flatMap((line) => [...line.childNodes]));
  const note = document.createElement("span");
  note.className = "reveal__note";
  note.setAttribute("role", "status");
  note.textContent = page.querySelector("[data-recorded]").textContent.trim();
  form.replaceWith(note);
});

function openPage(form, item) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "item", value: item });
  form.append(field);
  form.submit();
}
