"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);

  // ---- light and dark: what the system says, until a person says otherwise

  const system = matchMedia("(prefers-color-scheme: dark)");
  let wanted = null;
  const showTheme = () => {
    const dark = wanted === null ? system.matches : wanted;
    root.dataset.theme = dark ? "dark" : "light";
    byId("theme").textContent = dark ? "Light" : "Dark";
  };
  system.addEventListener("change", showTheme);
  byId("theme").addEventListener("click", () => { wanted = root.dataset.theme !== "dark"; showTheme(); });
  byId("print").addEventListener("click", () => window.print());
  let before = null;
  addEventListener("beforeprint", () => { before = root.dataset.theme; root.dataset.theme = "light"; });
  addEventListener("afterprint", () => { if (before !== null) root.dataset.theme = before; });
  showTheme();

  // ---- selecting: a key, or the keys of a line, light up all that they are linked to

  const index = new Map();
  const remember = (key, element) => {
    if (!index.has(key)) index.set(key, []);
    index.get(key).push(element);
  };
  for (const element of all("[data-key]")) remember(element.dataset.key, element);
  for (const element of all("[data-in]")) for (const key of element.dataset.in.split(" ")) {
    if (key !== element.dataset.key) remember(key, element);
  }
  let selected = [];

  const clear = () => {
    for (const element of all(".lit, .near, .chosen")) element.classList.remove("lit", "near", "chosen");
    for (const element of all("[aria-pressed]")) element.removeAttribute("aria-pressed");
    selected = [];
    byId("bar").hidden = true;
  };

  const light = (key, name) => {
    for (const element of index.get(key) || []) {
      element.classList.add(name);
      const line = element.dataset.in === undefined ? null : element.closest(".line");
      if (line !== null && name !== "near") line.classList.add("lit");
    }
  };

  const isText = (key) => key[0] === "r";

  const linked = (keys) => {
    const main = new Set(), side = new Set();
    for (const key of keys) {
      const [own, others] = data.links[key] || [[], []];
      own.forEach((other) => main.add(other));
      others.forEach((other) => side.add(other));
    }
    main.forEach((other) => side.delete(other));
    return [main, side];
  };

  const select = (keys, origin) => {
    if (keys.length > 0 && keys.join(" ") === selected.join(" ")) { clear(); return; }
    clear();
    selected = keys;
    const [main, side] = linked(keys);
    const fromText = keys.every(isText);
    for (const key of keys) light(key, fromText ? "chosen" : "lit");
    // An expression of the text that merely takes part is lit only where nothing of the text is the part itself.
    const textMain = [...main].some(isText);
    main.forEach((key) => light(key, "lit"));
    side.forEach((key) => { if (!isText(key)) light(key, "near"); else if (!textMain) light(key, "lit"); });
    if (origin !== undefined && origin.matches("button")) origin.setAttribute("aria-pressed", "true");
    describe(keys, main, side, fromText, origin);
    reveal(fromText, main, side, origin);
  };

  // The first thing on the other side that is not in sight.
  const reveal = (fromText, main, side, origin) => {
    const chosen = [...main, ...side].filter((key) => isText(key) !== fromText);
    const rank = (key) => (fromText ? "hgsvdo".indexOf(key[0]) : 0);
    chosen.sort((a, b) => rank(a) - rank(b));
    for (const key of chosen) {
      const targets = (index.get(key) || []).filter((element) => fromText
        ? element.matches(".card, tr, tbody, figure, p") : element.closest(".listing") !== null);
      const target = targets.find((element) => !element.contains(origin));
      if (target === undefined) continue;
      const place = (target.tagName === "TBODY" ? target.rows[0] : target);
      const narrow = getComputedStyle(byId("program")).position !== "sticky";
      if (!narrow) place.scrollIntoView({ block: "nearest", inline: "nearest" });
      return;
    }
  };

  const describe = (keys, main, side, fromText, origin) => {
    const line = origin !== undefined && origin.matches(".no") ? origin.getAttribute("aria-label") : null;
    byId("what").textContent = line !== null ? line : data.names[keys[0]] || keys[0];
    const groups = new Map();
    for (const [set, faint] of [[main, false], [side, true]]) for (const key of set) {
      if (isText(key) === fromText || key[0] === "v") continue;
      if (key[0] === "d" && fromText) continue;
      if (!groups.has(key)) groups.set(key, faint);
    }
    const seen = new Set();  // a name stands in many places
    for (const key of [...groups.keys()]) {
      const name = data.names[key] || key;
      if (seen.has(name)) groups.delete(key);
      seen.add(name);
    }
    const parts = [...groups].slice(0, 24);
    byId("says").textContent = parts.length === 0
      ? "has no part of its own: it is read off what is there"
      : fromText ? "became" : "comes from";
    const box = byId("parts");
    box.replaceChildren();
    for (const [key, faint] of parts) {
      const badge = document.createElement("button");
      badge.type = "button";
      const kind = { h: "head", g: "neurons", s: "stream", d: "stream", o: "output" }[key[0]] || "";
      badge.className = `badge ${kind}${faint ? " faint" : ""}`;
      badge.textContent = data.names[key] || key;
      badge.addEventListener("click", () => go(key));
      box.append(badge);
    }
    if (groups.size > parts.length) box.append(`and ${groups.size - parts.length} more`);
    byId("bar").hidden = false;
  };

  // To a part itself, keeping the selection.
  const go = (key) => {
    const elements = index.get(key) || [];
    const target = elements.find((element) => element.matches(".card, tbody, tr, p, [data-in]")) || elements[0];
    if (target === undefined) return;
    (target.tagName === "TBODY" ? target.rows[0] : target).scrollIntoView({ block: "center", inline: "nearest" });
    const button = target.matches("button") ? target : target.querySelector("button");
    if (button !== null) button.focus({ preventScroll: true });
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-key], button[data-keys]");
    if (button !== null) {
      select(button.dataset.keys ? button.dataset.keys.split(" ") : [button.dataset.key], button);
      return;
    }
    const piece = event.target.closest("span[data-in]");
    if (piece !== null) {  // the innermost expression around
      const keys = piece.dataset.in.split(" ");
      select([keys[keys.length - 1]], piece);
    }
  });
  byId("clear").addEventListener("click", clear);

  // ---- the keyboard: one tab stop for the program, one for each table; arrows move within

  const rove = (items, step, current) => {
    const next = items[Math.max(0, Math.min(items.length - 1, items.indexOf(current) + step))];
    items.forEach((item) => { item.tabIndex = item === next ? 0 : -1; });
    next.focus();
  };

  for (const listing of all(".listing")) {
    const items = all("button", listing);
    items.forEach((item, place) => { item.tabIndex = place === 0 ? 0 : -1; });
    listing.addEventListener("focusin", (event) => {
      if (items.includes(event.target)) items.forEach((item) => { item.tabIndex = item === event.target ? 0 : -1; });
    });
    listing.addEventListener("keydown", (event) => {
      const current = document.activeElement;
      if (!items.includes(current)) return;
      const line = (item) => item.closest(".line");
      const sideways = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const down = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (sideways !== undefined) rove(items, sideways, current);
      else if (event.key === "Home") rove(items, -items.length, current);
      else if (event.key === "End") rove(items, items.length, current);
      else if (down !== undefined) {
        const ordered = down > 0 ? items.slice(items.indexOf(current)) : items.slice(0, items.indexOf(current)).reverse();
        const other = ordered.find((item) => line(item) !== line(current));
        if (other === undefined) return;
        rove(items, items.indexOf(items.find((item) => line(item) === line(other))) - items.indexOf(current), current);
      } else return;
      event.preventDefault();
    });
  }

  const stages = all("[data-stage]");
  const heat = byId("heat");
  let stage = Number(stages[stages.length - 1].dataset.stage);

  const valueAt = (key, position) => {
    let numbers = null;
    for (const [first, values] of data.stream[key] || []) if (first <= stage) numbers = values;
    return numbers === null ? 0 : numbers[position];
  };
  const number = (value) => {
    if (value === 0) return "";
    const text = String(Number(value.toPrecision(3)));
    return (text.length <= 5 ? text : value.toExponential(0)).replace("-", "\u2212");
  };
  const showStage = (chosen) => {
    stage = Number(stages[chosen].dataset.stage);
    stages.forEach((button, place) => {
      button.setAttribute("aria-checked", String(place === chosen));
      button.tabIndex = place === chosen ? 0 : -1;
    });
    const lettered = heat.classList.contains("lettered");
    for (const row of all("tr[data-key]", heat)) {
      const key = row.dataset.key;
      all("td", row).forEach((cell, position) => {
        const value = valueAt(key, position), share = value / data.scales[key];
        cell.style.setProperty("--v", Math.abs(share).toPrecision(3));
        cell.classList.toggle("neg", share < 0);
        cell.classList.toggle("mid", Math.abs(share) > data.shades[0] && Math.abs(share) <= data.shades[1]);
        cell.classList.toggle("strong", Math.abs(share) > data.shades[1]);
        if (lettered) cell.textContent = number(value);
      });
    }
  };
  stages.forEach((button, place) => {
    button.addEventListener("click", () => showStage(place));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (step === undefined) return;
      const next = (place + step + stages.length) % stages.length;
      showStage(next);
      stages[next].focus();
      event.preventDefault();
    });
  });

  // ---- cells: what stands behind a number, for a pointer and for the keyboard

  const tip = byId("tip");
  const tell = (cell) => {
    const row = cell.parentElement, table = cell.closest("table");
    const column = cell.cellIndex, head = table.tHead.rows[0].cells[column];
    if (cell.dataset.tip) return `position ${column - 1}: ${cell.dataset.tip}`;
    if (table.dataset.head) {
      const raw = data.raw[table.dataset.head][row.sectionRowIndex];
      const query = `query ${row.sectionRowIndex} (${row.cells[0].textContent})`;
      if (cell.classList.contains("sum")) return `${query}: the head counts ${cell.textContent}\nBOS takes ${raw[0]} of the row`;
      const rescaled = table.querySelector(".sum") !== null;
      const place = rescaled ? column - 1 : column - 2;
      const key = place < 0 ? "BOS" : `key ${place} (${head.textContent})`;
      const weight = rescaled ? raw[column] : raw[column - 1];
      const shown = Number(cell.style.getPropertyValue("--v"));
      const chosen = place < 0 ? "" : cell.classList.contains("ring") ? "\nthe selector selects it" : "\nthe selector does not select it";
      return `${query} \u2192 ${key}\nweight ${rescaled ? `${shown} of a selected key; in the model ${weight}` : weight}${chosen}`;
    }
    if (table === heat && row.dataset.key) {
      const key = row.dataset.key;
      const place = column === 1 ? "BOS" : `position ${column - 2} (${head.textContent})`;
      return `${data.names[key]}\n${place}: ${valueAt(key, column - 1)} after ${data.stages[stage]}`;
    }
    return null;
  };
  const showTip = (cell) => {
    const text = tell(cell);
    if (text === null) { tip.hidden = true; return; }
    tip.textContent = text;
    tip.hidden = false;
    const box = cell.getBoundingClientRect(), size = tip.getBoundingClientRect();
    const left = Math.max(8, Math.min(box.left + box.width / 2 - size.width / 2, innerWidth - size.width - 8));
    const above = box.top - size.height - 6;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 4 ? above : box.bottom + 6}px`;
  };
  for (const table of all("table[data-grid]")) {
    table.addEventListener("pointerover", (event) => {
      const cell = event.target.closest("td");
      if (cell !== null) showTip(cell);
    });
    table.addEventListener("pointerleave", () => { tip.hidden = true; });
    const first = table.querySelector("td");
    if (first !== null) first.tabIndex = 0;
    table.addEventListener("focusin", (event) => {
      if (event.target.tagName === "TD") { tip.id = "tip"; event.target.setAttribute("aria-describedby", "tip"); showTip(event.target); }
    });
    table.addEventListener("focusout", () => { tip.hidden = true; });
    table.addEventListener("keydown", (event) => {
      const cell = event.target;
      if (cell.tagName !== "TD") return;
      const rows = all("tbody tr", table).filter((row) => row.querySelector("td") !== null);
      const place = rows.indexOf(cell.parentElement), column = cell.cellIndex;
      const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
      if (step === undefined) return;
      const row = rows[place + step[0]];
      const next = row === undefined ? undefined : row.cells[column + step[1]];
      event.preventDefault();
      if (next === undefined || next.tagName !== "TD") return;
      cell.tabIndex = -1;
      next.tabIndex = 0;
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest", inline: "nearest" });
      showTip(next);
    });
  }
  addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    tip.hidden = true;
    clear();
  });
})();
