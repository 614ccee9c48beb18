// Conveniences only: every page works without this file.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  // On a narrow screen the menu is one line that scrolls: it begins where the reader is.
  const here = document.querySelector(".menu [aria-current]"), line = here?.closest("ul");
  if (line) line.scrollLeft = here.offsetLeft - line.offsetLeft - 16;
  // A refused form: the reader starts at the summary of what is wrong.
  document.querySelector("[data-focus]")?.focus();
  // A selection that should act at once, where there is also a button for those without script.
  for (const element of document.querySelectorAll("[data-submit-on-change]")) {
    element.addEventListener("change", () => element.form.requestSubmit());
  }
  // Two clicks on one button send one form.
  for (const form of document.querySelectorAll("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
      setTimeout(() => delete form.dataset.sent, 4000);
    });
  }
});
