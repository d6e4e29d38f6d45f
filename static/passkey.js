// Passkeys need a script: only it can ask the browser for them. Pages say so without one.
(() => {
  "use strict";
  const able = window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON && PublicKeyCredential.parseCreationOptionsFromJSON;
  const buttons = document.querySelectorAll("[data-passkey]");
  for (const button of buttons) {
    const part = button.closest("[data-passkeys]");
    part.querySelector("[data-without]")?.toggleAttribute("hidden", Boolean(able));
    if (able) part.querySelector("[data-with]").hidden = false;
  }

  const post = async (url, body) => {
    const answer = await fetch(url, {
      method: "POST", redirect: "manual", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    if (answer.type === "opaqueredirect") return { next: location.href }; // signed out, or an old proof
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.message);
    return said;
  };

  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-passkey]");
    if (!button) return;
    const part = button.closest("[data-passkeys]");
    const problem = part.querySelector("[data-problem]");
    problem.hidden = true;
    button.disabled = true;
    try {
      const begun = await post(button.dataset.begin, {});
      if (begun.next) return location.assign(begun.next);
      const adds = button.dataset.passkey === "add";
      const credential = adds
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(begun.options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(begun.options) });
      const name = part.querySelector("[data-name]")?.value ?? "";
      const ended = await post(button.dataset.end, { name, next: button.dataset.next ?? "", credential: credential.toJSON() });
      location.assign(ended.next);
    } catch (error) {
      // The reader closed the browser's own window, or it found nothing: the browser does not tell which.
      problem.lastElementChild.textContent = error instanceof DOMException ? problem.dataset.stopped : error.message;
      problem.hidden = false;
      button.disabled = false;
    }
  });
})();
