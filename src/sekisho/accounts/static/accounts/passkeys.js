// Passkeys: the one thing that a browser cannot do without script. The forms are hidden until this file runs.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const given = () => JSON.parse(document.getElementById("passkey-data").textContent);
  const ways = {
    login: async (form) => {
      const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error("no challenge");
      return window.webauthnJSON.get((await answer.json()).request_options);
    },
    authenticate: () => window.webauthnJSON.get(given().request_options),
    create: (form) => {
      const options = given().creation_options;
      const passwordless = form.elements.passwordless?.checked ?? false;
      const selection = options.publicKey.authenticatorSelection;
      selection.residentKey = passwordless ? "required" : "discouraged";
      selection.requireResidentKey = passwordless;
      if (passwordless) selection.userVerification = "required";
      return window.webauthnJSON.create(options);
    },
  };
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.webauthnJSON?.supported()) continue;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const fault = form.querySelector("[data-passkey-fault]");
      fault.hidden = true;
      try {
        form.elements.credential.value = JSON.stringify(await ways[form.dataset.passkey](form));
        form.submit();
      } catch {
        fault.hidden = false;
        delete form.dataset.sent;
      }
    });
  }
});
