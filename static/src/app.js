// What pages do beyond htmx: the theme switch, keys for triage, and telling when the live connection is lost.
(() => {
  const root = document.documentElement;
  const find = (selector) => document.querySelector(selector);
  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]");

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-action]");
    if (!button) return;
    if (button.dataset.action === "theme") {
      root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
      localStorage.setItem("theme", root.dataset.bsTheme);
    }
    if (button.dataset.action === "keys") find("#keys").showModal();
    if (button.dataset.action === "close") {
      button.closest("dialog")?.close();
      button.closest(".toast")?.remove();
    }
    if (button.dataset.action === "copy") {
      const field = find(button.dataset.target);
      const done = () => (button.querySelector("span").textContent = button.dataset.done);
      // Without HTTPS browsers offer no clipboard: then the text is selected, ready to be copied by hand.
      field.select();
      navigator.clipboard?.writeText(field.value).then(done, () => field.select());
    }
    if (button.dataset.action === "fill") {
      const field = find(button.dataset.target);
      field.value = button.dataset.value;
      field.focus();
    }
  });

  // What is sent says which workspace its page was of: in another tab the person may have gone to another one.
  const workspace = () => document.body.dataset.workspace;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    // Asked by attribute: a field named "action" hides the form's own.
    const address = new URL(form.getAttribute("action") || "", location.href);
    const isPost = form.getAttribute("method")?.toLowerCase() === "post";
    if (!workspace() || !isPost || address.origin !== location.origin || form.elements["of-workspace"]) return;
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: "of-workspace" });
    field.value = workspace();
    form.append(field);
  });
  document.addEventListener("htmx:configRequest", (event) => {
    if (workspace()) event.detail.headers["X-Of-Workspace"] = workspace();
  });

  // What deletes asks first.
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  // A time zone that nobody chose yet is the browser's; some forms take only those in their list.
  const zones = find("[data-browsers-zone]");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zones && here) {
    const known = [...zones.options].find((option) => option.value === here);
    const offered = known || (zones.dataset.browsersZone !== "listed" && zones.appendChild(new Option(here, here)));
    if (offered) offered.selected = true;
  }

  // A conversation shows its end: when it is opened, and as it is written, unless somebody has scrolled up to read.
  const talk = () => find("#messages");
  const toEnd = () => talk()?.scrollTo(0, talk().scrollHeight);
  const isNearEnd = () => talk() && talk().scrollHeight - talk().scrollTop - talk().clientHeight < 160;
  document.addEventListener("htmx:load", (event) => {
    if (event.target === document.body || event.target.querySelector?.("#messages")) toEnd();
  });
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    if (event.target.closest("#messages")) toEnd();
  });
  document.addEventListener("htmx:sseMessage", () => {
    if (isNearEnd()) toEnd();
  });

  // The profile that comes with an answer leaves what somebody is typing into the form. One that is on its way to the
  // server is answered with the profile of then, and asks for the newest afterwards.
  let hasMissed = false;
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    if (target.id !== "profile") return;
    if (target.classList.contains("htmx-request")) {
      event.detail.shouldSwap = false;
      hasMissed = true;
      return;
    }
    target.querySelectorAll("input[id]").forEach((field) => {
      const same = field.value !== field.defaultValue && fragment.querySelector(`#${CSS.escape(field.id)}`);
      if (same) same.value = field.value;
    });
  });
  document.addEventListener("htmx:afterSettle", () => {
    const profile = hasMissed && find("#profile:not(.htmx-request)");
    if (!profile) return;
    hasMissed = false;
    htmx.trigger(profile, "change");
  });

  // Menus made of <details> close on a click elsewhere and on Escape.
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  const rows = () => [...document.querySelectorAll("[data-row]")];
  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.classList.contains("is-current"));
    const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    all.forEach((row) => row.classList.toggle("is-current", row === next));
    next.scrollIntoView({ block: "nearest" });
  };
  const keys = {
    "/": () => find("[data-search]")?.focus(),
    "?": () => find("#keys").showModal(),
    j: () => move(1),
    k: () => move(-1),
    o: () => find(".is-current a")?.click(),
    Enter: () => find(".is-current a")?.click(),
    n: () => find("[data-key-n]")?.click(),
  };
  document.addEventListener("keydown", (event) => {
    // Enter in an "add" field presses the button beside it, and not the form's first one.
    if (event.key === "Enter" && event.target.matches('[data-enter="next"]')) {
      event.preventDefault();
      event.target.parentElement.querySelector('button[value^="add"]').click();
      return;
    }
    // Enter sends what is typed; Shift and Enter begin a new line. Not while an input method is choosing characters.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches('[data-enter="send"]')) {
      event.preventDefault();
      event.target.form.requestSubmit();
      return;
    }
    if (event.key === "Escape") {
      document.querySelectorAll("details.menu[open]").forEach((menu) => (menu.open = false));
      if (isTyping(event.target)) event.target.blur();
      return;
    }
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  // An answer that cannot be shown, or none at all, is told and not swallowed.
  const tell = (text) => {
    const toast = find("#failed").content.cloneNode(true);
    toast.querySelector("p").textContent = text;
    find(".toasts").append(toast);
  };
  const isAsked = (event) => event.target.id !== "unread"; // the badge asks by itself, and asks again
  // 409: the page is of another workspace than the person is in now, and the answer is a page that says so.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.xhr.status !== 409 || !detail.xhr.getResponseHeader("X-Of-Workspace")) return;
    Object.assign(detail, { shouldSwap: true, isError: false, target: find("#content"), swapOverride: "afterbegin" });
    window.scrollTo(0, 0); // what was typed stays below it
  });
  document.addEventListener("htmx:responseError", (event) => isAsked(event) && tell(document.body.dataset.refused));
  document.addEventListener("htmx:sendError", (event) => isAsked(event) && tell(document.body.dataset.unsent));

  // The badge of the inbox asks for news while somebody has the page in sight.
  const LOOK_MS = 60_000;
  window.setInterval(() => {
    if (document.visibilityState === "visible" && find("#unread")) htmx.trigger("#unread", "look");
  }, LOOK_MS);
  // Where there is news, the page that it is about may be this one: then it is read.
  document.addEventListener("htmx:load", (event) => {
    if (event.target === document.body && find("#unread .count")) htmx.trigger("#unread", "look");
  });

  // The live page: say so while the connection is lost, and take the whole page again once the run is over.
  const live = (state) => document.querySelectorAll("[data-live]").forEach((mark) => (mark.dataset.live = state));
  document.addEventListener("htmx:sseOpen", () => live("on"));
  document.addEventListener("htmx:sseError", () => live("lost"));
  document.addEventListener("htmx:sseClose", (event) => {
    live("over");
    // What the run cost stands below the live part: it is taken again once nothing is added to it any more.
    if (event.detail.type !== "message" || !find("#costs")) return;
    htmx.ajax("GET", location.pathname + location.search, { target: "#costs", select: "#costs", swap: "outerHTML" });
  });

  // Tables in a part that is replaced stay where somebody has scrolled to.
  const frames = (part) => [...part.querySelectorAll(".table-frame[aria-label]")];
  let places = new Map();
  document.addEventListener("htmx:sseBeforeMessage", ({ target }) => {
    places = new Map(frames(target).map((frame) => [frame.ariaLabel, frame.scrollLeft]));
  });
  document.addEventListener("htmx:sseMessage", ({ target }) => {
    frames(target).forEach((frame) => (frame.scrollLeft = places.get(frame.ariaLabel) || 0));
  });
})();
