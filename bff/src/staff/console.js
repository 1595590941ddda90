// Keys of the console. Everything works without them: links, buttons and Tab.
(() => {
  "use strict";
  const rows = () => [...document.querySelectorAll("tr[data-row]")];
  const at = () => rows().findIndex((row) => row.contains(document.activeElement));
  const go = (index) => {
    const row = rows()[Math.max(0, Math.min(rows().length - 1, index))];
    const target = row && row.querySelector("a, input");
    if (target) { target.focus(); row.scrollIntoView({ block: "nearest" }); }
  };
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (event.key === "Escape" && field) { field.blur(); return; }
    if (field || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      j: () => go(at() + 1),
      k: () => go(at() - 1),
      x: () => { const row = rows()[at()]; const box = row && row.querySelector("input[type=checkbox]"); if (box) box.click(); },
      "/": () => { const search = document.querySelector("input[name=q]"); if (search) search.focus(); },
      "?": () => { const help = document.querySelector("details.keys"); if (help) help.open = !help.open; },
    }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  for (const all of document.querySelectorAll("input[data-all]")) {
    all.addEventListener("change", () => {
      for (const box of document.querySelectorAll("input[name=pick]")) box.checked = all.checked;
    });
  }
})();
