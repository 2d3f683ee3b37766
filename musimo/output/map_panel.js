// The panel beside the canvas of map.js: text, search, pointer and keyboard.

// Text ---------------------------------------------------------------------------------------------------

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function isolated(text, tag = "bdi") { // a name keeps its own direction
  const made = element(tag, text);
  made.dir = "auto";
  return made;
}

const name = (i) => (tracks.artist[i] ? tracks.artist[i] + " – " : "") + tracks.title[i];

function facts(i) {
  const part = document.createDocumentFragment();
  part.append(isolated(tracks.title[i], "h2"));
  for (const text of [tracks.artist[i], tracks.album[i]]) if (text) part.append(isolated(text, "p"));
  const short = [tracks.year[i], tracks.genre[i], tracks.time[i], tracks.pulse[i]].filter((each) => each !== null);
  const row = element("p", undefined, "soft");
  short.forEach((each, k) => row.append(k ? " · " : "", isolated(String(each))));
  const mood = `valence ${tracks.valence[i].toFixed(2)} · arousal ${tracks.arousal[i].toFixed(2)}`;
  part.append(row, element("p", mood, "soft"));
  if (tracks.heard[i]) part.append(element("p", `heard: ${tracks.heard[i]}`, "soft"));
  return part;
}

function showTip() {
  const tip = $("tip"), i = state.hovered;
  tip.hidden = i < 0 || state.moving;
  if (tip.hidden) return;
  tip.replaceChildren(facts(i));
  const x = toX(at.x[i]), y = toY(at.y[i]);
  tip.hidden = x < 0 || y < 0 || x > width || y > height;
  tip.style.left = `${Math.max(x + 14 + tip.offsetWidth > width ? x - tip.offsetWidth - 14 : x + 14, 4)}px`;
  tip.style.top = `${Math.max(Math.min(y - tip.offsetHeight / 2, height - tip.offsetHeight - 4), 4)}px`;
}

function nearest(i) { // by sound if the page has it, else on the plane
  if (state.view === "sound" && data.nearest[i].length) return data.nearest[i].map((j) => ({ i: j, apart: null }));
  const { x, y } = VIEWS[state.view], found = [];
  for (let j = 0; j < n; j++) {
    if (j !== i) found.push({ i: j, apart: Math.hypot(x[j] - x[i], y[j] - y[i]) });
  }
  return found.sort((a, b) => a.apart - b.apart).slice(0, 8);
}

function showChosen() {
  const i = state.chosen, section = $("chosen");
  section.hidden = i < 0;
  state.near = i < 0 ? [] : nearest(i);
  if (i >= 0) {
    const inSound = data.nearest[i].length ? "Most similar sound" : "Nearest in this picture";
    section.replaceChildren(
      facts(i), element("br"), element("h3", state.view === "mood" ? "Nearest in mood" : inSound),
      trackList(state.near));
  }
  draw();
}

function trackList(rows) {
  const list = element("ul");
  for (const { i, apart } of rows) {
    const item = element("li"), button = element("button"), dot = element("span", undefined, "swatch");
    dot.style.background = colorOf(i);
    button.type = "button";
    button.append(dot, isolated(name(i)));
    if (apart !== null && apart !== undefined && state.view === "mood") {
      button.append(element("span", apart.toFixed(2), "number"));
    }
    button.addEventListener("click", () => choose(i));
    item.append(button);
    list.append(item);
  }
  return list;
}

function choose(i) {
  state.chosen = i;
  if (i >= 0) announce(name(i));
  showChosen();
  if (i >= 0) $("chosen").scrollIntoView({ block: "nearest" });
}

function announce(text) { $("announcement").replaceChildren(isolated(text)); }

function showLegend() {
  const by = data.colors[state.color], legend = $("legend");
  if (!by.names) {
    const bar = element("div", undefined, "bar"), ends = element("div", undefined, "ends");
    bar.style.background = `linear-gradient(90deg, ${data.palette.scale.join(", ")})`;
    const known = by.of.some((value) => value !== null);
    ends.append(element("span", known ? by.low.toFixed(by.digits) : "not known for any track"),
      element("span", known ? by.high.toFixed(by.digits) : ""));
    legend.replaceChildren(element("h3", state.color), bar, ends);
    if (known && by.of.includes(null)) legend.append(element("p", "empty: not known", "soft"));
    return;
  }
  const list = element("ul");
  const counts = by.of.reduce((sum, g) => sum.set(g, (sum.get(g) || 0) + 1), new Map());
  const groups = by.names.map((_, g) => g).concat(Object.keys(by.rest).map(Number));
  for (const g of groups) {
    const item = element("li"), button = element("button"), dot = element("span", undefined, "swatch");
    dot.style.background = groupColor(g);
    button.type = "button";
    button.setAttribute("aria-pressed", String(state.group === g));
    button.append(dot, isolated(g < 0 ? by.rest[g] : by.names[g]), element("span", counts.get(g) || 0, "number"));
    button.addEventListener("click", () => {
      state.group = state.group === g ? null : g;
      light();
      showLegend();
      legend.querySelectorAll("button")[groups.indexOf(g)].focus();
    });
    item.append(button);
    list.append(item);
  }
  legend.replaceChildren(element("h3", `${state.color}: select one to see it alone`), list);
}

// Search -------------------------------------------------------------------------------------------------

const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
let haystack = null;

function light() {
  const words = folded(state.words).split(/\s+/).filter(Boolean), by = data.colors[state.color];
  haystack ||= tracks.title.map((title, i) =>
    folded([title, tracks.artist[i], tracks.album[i], tracks.genre[i], tracks.heard[i]].filter(Boolean).join(" ")));
  const found = [];
  lit = words.length || state.group !== null ? new Uint8Array(n) : null;
  for (let i = 0; lit && i < n; i++) {
    const fits = (state.group === null || by.of[i] === state.group) && words.every((w) => haystack[i].includes(w));
    if (fits) lit[i] = 1, found.push(i);
  }
  const list = $("list");
  list.hidden = !words.length;
  if (words.length) {
    const more = found.length > LISTED ? `, the first ${LISTED} are listed` : "";
    list.replaceChildren(element("h3", `${found.length} found${more}`),
      trackList(found.slice(0, LISTED).map((i) => ({ i }))));
  }
  announce(lit ? `${found.length} of ${n} tracks` : "");
  draw();
  return found;
}

// Input --------------------------------------------------------------------------------------------------

function zoom(factor, px = width / 2, py = height / 2) {
  const u = fromX(px), v = fromY(py);
  state.zoom = Math.min(Math.max(state.zoom * factor, 1), 64);
  state.left = u - (px - box.x) / (state.zoom * box.w);
  state.bottom = v - (box.y + box.h - py) / (state.zoom * box.h);
  keepInside();
}

function keepInside() { // the center of the window stays in the picture
  for (const side of ["left", "bottom"]) {
    state[side] = state.zoom === 1 ? 0 : Math.min(Math.max(state[side], -0.5 / state.zoom), 1 - 0.5 / state.zoom);
  }
  draw();
}

function step(dx, dy) { // to the nearest point in that direction
  const from = state.hovered >= 0 ? state.hovered : state.chosen;
  const x = from >= 0 ? toX(at.x[from]) : width / 2, y = from >= 0 ? toY(at.y[from]) : height / 2;
  let best = -1, least = Infinity;
  for (let i = 0; i < n; i++) {
    if (i === from || (lit && !lit[i])) continue;
    const px = toX(at.x[i]) - x, py = toY(at.y[i]) - y;
    const along = px * dx + py * dy, aside = Math.abs(px * dy) + Math.abs(py * dx);
    const cost = along + 2 * aside;
    if (along > 0.5 && aside <= 2 * along && cost < least) best = i, least = cost;
  }
  if (best >= 0) hover(best), announce(name(best));
}

function hover(i) {
  if (i === state.hovered) return;
  state.hovered = i;
  requestAnimationFrame(drawMarks);
}

const held = new Map(); // pressed pointers, with their last event
let moved = 0;
marks.addEventListener("pointerdown", (event) => {
  held.set(event.pointerId, event);
  marks.setPointerCapture(event.pointerId);
  if (held.size === 1) moved = 0;
});
marks.addEventListener("pointermove", (event) => {
  const before = held.get(event.pointerId);
  if (!before) { if (!state.moving) hover(pointAt(event.offsetX, event.offsetY)); return; }
  const dx = event.offsetX - before.offsetX, dy = event.offsetY - before.offsetY;
  moved += Math.abs(dx) + Math.abs(dy);
  if (held.size === 2) { // pinch
    const other = [...held.values()].find((each) => each.pointerId !== event.pointerId);
    const span = (a) => Math.hypot(a.offsetX - other.offsetX, a.offsetY - other.offsetY) || 1;
    zoom(span(event) / span(before), other.offsetX, other.offsetY);
  } else if (moved > 4) {
    state.left -= dx / (state.zoom * box.w), state.bottom += dy / (state.zoom * box.h);
    keepInside();
  }
  held.set(event.pointerId, event);
});
for (const end of ["pointerup", "pointercancel"]) {
  marks.addEventListener(end, (event) => {
    if (end === "pointerup" && held.size === 1 && moved <= 4) choose(pointAt(event.offsetX, event.offsetY));
    held.delete(event.pointerId);
  });
}
marks.addEventListener("pointerleave", () => hover(-1));
marks.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.offsetX, event.offsetY);
  hover(pointAt(event.offsetX, event.offsetY));
}, { passive: false });
marks.addEventListener("keydown", (event) => {
  const keys = {
    ArrowLeft: () => step(-1, 0), ArrowRight: () => step(1, 0), ArrowUp: () => step(0, -1),
    ArrowDown: () => step(0, 1), Enter: () => choose(state.hovered), " ": () => choose(state.hovered),
    "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), "0": () => zoom(0),
    Escape: () => { hover(-1); choose(-1); },
  };
  if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  keys[event.key]();
});

for (const radio of document.getElementsByName("view")) {
  radio.checked = radio.value === state.view;
  radio.addEventListener("change", () => changeView(radio.value));
}
const choice = $("color");
for (const by of Object.keys(data.colors)) {
  const option = element("option", by);
  option.value = by;
  choice.append(option);
}
choice.value = state.color;
choice.addEventListener("change", () => {
  state.color = choice.value, state.group = null;
  light();
  showLegend();
  showChosen();
});
const search = $("search");
search.addEventListener("input", () => { state.words = search.value; light(); });
search.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  const [first] = light();
  if (first !== undefined) choose(first);
});
dark.addEventListener("change", () => { dots = new Map(); showLegend(); showChosen(); });
new ResizeObserver(resize).observe($("stage"));

$("count").textContent = `${n} ${n === 1 ? "track" : "tracks"}`;
showLegend();
resize();
