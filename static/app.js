// Comfort only: every page works without this file.
(() => {
  "use strict";
  const on = (type, selector, act, options) =>
    document.addEventListener(type, (event) => {
      const found = event.target instanceof Element && event.target.closest(selector);
      if (found) act(found, event);
    }, options);

  // The theme changes at once; the cookie is set by the same form in the background.
  on("submit", "form[data-theme-form]", (form, event) => {
    const choice = event.submitter;
    if (!choice) return;
    event.preventDefault();
    const root = document.documentElement;
    if (choice.value) root.dataset.theme = choice.value;
    else delete root.dataset.theme;
    for (const button of document.querySelectorAll("form[data-theme-form] button")) {
      button.setAttribute("aria-pressed", String(button.value === choice.value));
    }
    const body = new URLSearchParams(new FormData(form));
    body.set(choice.name, choice.value);
    fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => {});
  });

  // Copy buttons name the element whose text they take.
  const offerCopies = () => {
    for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  };
  offerCopies();
  document.addEventListener("htmx:afterSwap", offerCopies);
  on("click", "[data-copy]", async (button) => {
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      const label = button.querySelector("[data-label]");
      const before = label.textContent;
      label.textContent = button.dataset.done;
      setTimeout(() => { label.textContent = before; }, 2000);
    } catch {
      getSelection().selectAllChildren(source);
    }
  });

  // A form is sent once, however often its button is pressed.
  on("submit", "form", (form, event) => {
    if (event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });

  // An open menu closes when the reader turns elsewhere.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // Charts: one stop for the keyboard, arrows move along, a card tells the value.
  const card = (mark) => {
    const chart = mark.closest("[data-chart]");
    const tip = chart.querySelector("[data-tip]");
    chart.querySelector(".is-on")?.classList.remove("is-on");
    mark.classList.add("is-on");
    tip.textContent = mark.getAttribute("aria-label");
    tip.hidden = false;
    const plot = tip.offsetParent.getBoundingClientRect();
    const box = mark.getBoundingClientRect();
    const half = tip.offsetWidth / 2;
    const middle = box.left + box.width / 2 - plot.left;
    tip.style.left = Math.max(half, Math.min(plot.width - half, middle)) + "px";
  };
  const quiet = (chart) => {
    chart.querySelector(".is-on")?.classList.remove("is-on");
    chart.querySelector("[data-tip]").hidden = true;
  };
  const at = (svg, x) => {
    let near = null, best = Infinity;
    for (const mark of svg.querySelectorAll("[data-mark]")) {
      const box = mark.getBoundingClientRect();
      const away = Math.max(box.left - x, x - box.right, 0);
      if (away < best) [near, best] = [mark, away];
    }
    return near;
  };
  on("pointermove", "[data-chart] svg", (svg, event) => {
    const mark = at(svg, event.clientX);
    if (mark) card(mark);
  });
  document.addEventListener("pointerout", (event) => {
    const chart = event.target instanceof Element && event.target.closest("[data-chart]");
    if (chart && !chart.contains(event.relatedTarget)) quiet(chart);
  });
  on("focusin", "[data-mark]", card);
  on("focusout", "[data-mark]", (mark) => quiet(mark.closest("[data-chart]")));
  on("keydown", "[data-mark]", (mark, event) => {
    const marks = [...mark.parentNode.querySelectorAll("[data-mark]")];
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -marks.length, End: marks.length }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = marks[Math.max(0, Math.min(marks.length - 1, marks.indexOf(mark) + step))];
    mark.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  });

  // The success page waits for the server's word, then shows the new state.
  const wait = document.querySelector("[data-stream]");
  if (wait && window.EventSource) {
    const source = new EventSource(wait.dataset.stream);
    source.addEventListener("state", (event) => {
      if (event.data.trim() === wait.dataset.state) return;
      source.close();
      location.reload();
    });
    addEventListener("pagehide", () => source.close());
  }

  // htmx is fetched when the reader reaches for something that uses it; until
  // it is there, links are links and forms are forms.
  const fetchHtmx = () => {
    const from = document.querySelector('meta[name="htmx-src"]');
    if (!from) return;
    const script = document.createElement("script");
    script.src = from.content;
    from.remove();
    document.head.append(script);
  };
  on("pointerover", "[hx-boost]", fetchHtmx);
  on("focusin", "[hx-boost]", fetchHtmx);
})();
