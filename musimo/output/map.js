"use strict";
// The canvas. musimo/output/map_page.py writes the data; map_panel.js follows in the same script.
// Text is added to the page through textContent only.
const data = JSON.parse(document.getElementById("data").textContent);
const tracks = data.tracks;
const n = tracks.title.length;
const $ = (id) => document.getElementById(id);
const media = (query) => window.matchMedia(query);

const MARGIN = 64; // pixels around the points
const EDGE = { left: 58, bottom: 38 }; // pixels of the axes' labels
const HOVER = 14; // pixels within which the pointer selects a point
const CELLS = 64; // per side of the grid that finds points
const TRANSITION_MS = 700; // between two views
const LISTED = 50; // maximum of search results

const VIEWS = {
  mood: { x: tracks.valence, y: tracks.arousal, square: false },
  sound: { x: tracks.x, y: tracks.y, square: true },
};
const state = {
  view: data.view, color: data.color, zoom: 1, left: 0, bottom: 0, // left, bottom: of the visible part, 0..1
  hovered: -1, chosen: -1, near: [], group: null, words: "", moving: false,
};
const at = { x: new Float32Array(n), y: new Float32Array(n) }; // current points, 0..1
let grid = [];
let lit = null; // 1 for tracks found or in the group; null: all

// Points -------------------------------------------------------------------------------------------------

for (const view of Object.values(VIEWS)) {
  view.low = {}, view.size = {};
  for (const axis of ["x", "y"]) {
    let low = Infinity, high = -Infinity;
    for (const value of view[axis]) low = Math.min(low, value), high = Math.max(high, value);
    if (!view.square) low = Math.min(low, data.neutral), high = Math.max(high, data.neutral);
    const air = 0.04 * (high - low) || 0.05;
    view.low[axis] = low - air, view.size[axis] = high - low + 2 * air;
  }
}

function spread(view) { // points of a view, 0..1; of equal scale on both axes if it is square
  let { x, y } = view.size;
  if (view.square) {
    const unit = Math.max(x / box.w, y / box.h);
    x = unit * box.w, y = unit * box.h;
  }
  const low = { x: view.low.x - (x - view.size.x) / 2, y: view.low.y - (y - view.size.y) / 2 };
  return {
    x: Float32Array.from(view.x, (v) => (v - low.x) / x),
    y: Float32Array.from(view.y, (v) => (v - low.y) / y),
  };
}

const canvas = $("points"), marks = $("marks");
let width = 0, height = 0, box = { x: 0, y: 0, w: 1, h: 1 };

function resize() {
  const ratio = window.devicePixelRatio || 1;
  width = marks.clientWidth, height = marks.clientHeight;
  for (const each of [canvas, marks]) {
    each.width = Math.round(width * ratio), each.height = Math.round(height * ratio);
    each.getContext("2d", { willReadFrequently: each === canvas }).setTransform(ratio, 0, 0, ratio, 0, 0);
  }
  box = { x: MARGIN, y: MARGIN, w: Math.max(width - 2 * MARGIN, 1), h: Math.max(height - 2 * MARGIN, 1) };
  transitions += 1; // ends a transition
  arrive(spread(VIEWS[state.view]));
}

function arrive(places) {
  at.x.set(places.x), at.y.set(places.y);
  state.moving = false;
  fillGrid();
  showChosen();
}

const toX = (u) => box.x + (u - state.left) * state.zoom * box.w;
const toY = (u) => box.y + box.h - (u - state.bottom) * state.zoom * box.h;
const fromX = (px) => (px - box.x) / (state.zoom * box.w) + state.left;
const fromY = (py) => (box.y + box.h - py) / (state.zoom * box.h) + state.bottom;

function fillGrid() {
  grid = Array.from({ length: CELLS * CELLS }, () => []);
  for (let i = 0; i < n; i++) grid[cell(at.y[i]) * CELLS + cell(at.x[i])].push(i);
}
const cell = (u) => Math.min(Math.max(Math.floor(u * CELLS), 0), CELLS - 1);

function pointAt(px, py) {
  if (state.view === "mood" && (px < EDGE.left || py > height - EDGE.bottom)) return -1;
  const reach = { x: HOVER / (state.zoom * box.w), y: HOVER / (state.zoom * box.h) };
  const u = fromX(px), v = fromY(py);
  let best = -1, nearest = HOVER * HOVER;
  for (let row = cell(v - reach.y); row <= cell(v + reach.y); row++) {
    for (let column = cell(u - reach.x); column <= cell(u + reach.x); column++) {
      for (const i of grid[row * CELLS + column]) {
        const apart = (toX(at.x[i]) - px) ** 2 + (toY(at.y[i]) - py) ** 2;
        if (apart < nearest && (!lit || lit[i])) best = i, nearest = apart;
      }
    }
  }
  return best;
}

// Drawing ------------------------------------------------------------------------------------------------

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const dark = media("(prefers-color-scheme: dark)");
function groupColor(g, hollow = style("--page")) { // -1: another group, -2: no tag
  if (g === -2) return hollow;
  if (g === -1) return data.palette.rest;
  return g === 7 && dark.matches ? "#ffffff" : data.palette.groups[g];
}
function colorOf(i, hollow = style("--page")) {
  const by = data.colors[state.color];
  const value = by.of[i];
  if (by.names) return groupColor(value, hollow);
  if (value === null) return hollow; // no color of the scale
  const scale = data.palette.scale;
  const place = by.high > by.low ? (value - by.low) / (by.high - by.low) : 0.5;
  return scale[Math.round(place * (scale.length - 1))];
}

function radius() {
  const plain = n < 1000 ? 5 : n < 5000 ? 3.6 : 2.6;
  return plain * Math.min(Math.sqrt(state.zoom), 2.5);
}

// A dot of each color is drawn once and then copied, pixel by pixel, which is fast without a GPU.
let dots = new Map(), dotRadius = 0;
function dotOf(color, r) {
  if (r !== dotRadius) dots = new Map(), dotRadius = r;
  if (!dots.has(color)) {
    const side = Math.ceil(2 * r + 2), dot = document.createElement("canvas");
    dot.width = dot.height = side;
    const pen = dot.getContext("2d", { willReadFrequently: true });
    pen.beginPath();
    pen.arc(side / 2, side / 2, r, 0, 2 * Math.PI);
    pen.fillStyle = color;
    pen.fill();
    pen.lineWidth = 0.16 * r + 0.4, pen.strokeStyle = dark.matches ? "#ffffff90" : "#00000080";
    pen.stroke(); // light dots need it on white, dark ones on black
    const bytes = pen.getImageData(0, 0, side, side).data;
    dots.set(color, { side, bytes, words: new Uint32Array(bytes.buffer) });
  }
  return dots.get(color);
}

function stamp(onto, dot, left, top, strength) {
  const { side, bytes } = dot, target = onto.bytes;
  const first = Math.max(0, -left), last = Math.min(side, onto.width - left);
  for (let row = Math.max(0, -top), end = Math.min(side, onto.height - top); row < end; row++) {
    let from = row * side + first, to = (top + row) * onto.width + left + first;
    for (let column = first; column < last; column++, from++, to++) {
      const alpha = bytes[4 * from + 3] * strength;
      if (alpha === 0) continue;
      if (alpha === 255) { onto.words[to] = dot.words[from]; continue; }
      const share = alpha / 255, f = 4 * from, t = 4 * to;
      target[t] += (bytes[f] - target[t]) * share;
      target[t + 1] += (bytes[f + 1] - target[t + 1]) * share;
      target[t + 2] += (bytes[f + 2] - target[t + 2]) * share;
    }
  }
}

let scheduled = false;
function draw() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => { scheduled = false; drawPoints(); drawMarks(); });
}

function drawPoints() {
  const pen = canvas.getContext("2d", { willReadFrequently: true }), ratio = canvas.width / width;
  pen.fillStyle = style("--page");
  pen.fillRect(0, 0, width, height);
  drawGrid(pen);
  const image = pen.getImageData(0, 0, canvas.width, canvas.height), bytes = image.data;
  const onto = { bytes, words: new Uint32Array(bytes.buffer), width: image.width, height: image.height };
  const r = radius() * ratio, hollow = style("--page");
  for (const round of lit ? [0, 1] : [1]) {
    for (let i = 0; i < n; i++) {
      if (lit && lit[i] !== round) continue;
      const dot = dotOf(colorOf(i, hollow), r);
      const left = Math.round(toX(at.x[i]) * ratio - dot.side / 2);
      const top = Math.round(toY(at.y[i]) * ratio - dot.side / 2);
      stamp(onto, dot, left, top, round ? 1 : 0.15);
    }
  }
  pen.putImageData(image, 0, 0);
  drawNames(pen);
}

function ticks(axis) { // round values in the visible part, and their position
  const { low, size } = VIEWS.mood, [place, from, to] = axis === "x"
    ? [toX, fromX(EDGE.left), fromX(width - 4)] : [toY, fromY(height - EDGE.bottom), fromY(4)];
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2].find((each) => size[axis] / state.zoom / each <= 10) || 2;
  const first = Math.ceil((low[axis] + size[axis] * from) / step);
  const last = Math.floor((low[axis] + size[axis] * to) / step);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, k) => {
    const value = (first + k) * step;
    return { text: value.toFixed(step < 0.1 ? 2 : 1), at: place((value - low[axis]) / size[axis]),
      neutral: Math.abs(value - data.neutral) < 1e-6 };
  });
}

function drawGrid(pen) {
  if (state.moving || state.view !== "mood") return;
  const line = (tick, x0, y0, x1, y1) => {
    pen.strokeStyle = style(tick.neutral ? "--soft" : "--line");
    pen.beginPath(), pen.moveTo(x0, y0), pen.lineTo(x1, y1), pen.stroke();
  };
  pen.lineWidth = 1;
  for (const tick of ticks("x")) line(tick, tick.at, 0, tick.at, height);
  for (const tick of ticks("y")) line(tick, 0, tick.at, width, tick.at);
}

function drawNames(pen) { // over the points, on opaque margins
  if (state.moving) return;
  const mood = state.view === "mood";
  pen.fillStyle = style("--page");
  pen.fillRect(0, height - (mood ? EDGE.bottom : 24), width, EDGE.bottom);
  if (mood) pen.fillRect(0, 0, EDGE.left, height);
  pen.font = "13px system-ui, sans-serif", pen.fillStyle = style("--soft"), pen.textAlign = "center";
  if (!mood) {
    const share = `${Math.round(100 * data.shown)} % of the variance is in this plane`;
    pen.fillText(`near means similar sound; ${share}`, width / 2, height - 8);
    return;
  }
  for (const tick of ticks("x")) pen.fillText(tick.text, tick.at, height - 24);
  pen.textAlign = "right";
  for (const tick of ticks("y")) pen.fillText(tick.text, EDGE.left - 4, tick.at + 4);
  pen.textAlign = "center", pen.fillStyle = style("--ink");
  pen.fillText("unpleasant  ←  valence  →  pleasant", width / 2, height - 7);
  pen.save();
  pen.translate(16, height / 2), pen.rotate(-Math.PI / 2);
  pen.fillText("calm  ←  arousal  →  excited", 0, 0);
  pen.restore();
}

function drawMarks() {
  const pen = marks.getContext("2d");
  pen.clearRect(0, 0, width, height);
  pen.strokeStyle = style("--mark");
  const ring = (i, more, thick) => {
    pen.lineWidth = thick;
    pen.beginPath(), pen.arc(toX(at.x[i]), toY(at.y[i]), radius() + more, 0, 2 * Math.PI), pen.stroke();
  };
  if (state.chosen >= 0) {
    for (const { i } of state.near) ring(i, 2.5, 1.2);
    ring(state.chosen, 5, 3);
  }
  if (state.hovered >= 0) ring(state.hovered, 3, 2);
  showTip();
}

let transitions = 0;
function changeView(view) {
  const from = { x: at.x.slice(), y: at.y.slice() }, to = spread(VIEWS[view]);
  state.view = view, state.zoom = 1, state.left = state.bottom = 0, state.hovered = -1;
  const ticket = ++transitions, start = performance.now();
  const step = (now) => {
    if (ticket !== transitions) return; // another transition has started
    const t = Math.min((now - start) / TRANSITION_MS, 1);
    if (t >= 1) { arrive(to); return; }
    const eased = Math.max(t * t * (3 - 2 * t), 0);
    for (let i = 0; i < n; i++) {
      at.x[i] = from.x[i] + (to.x[i] - from.x[i]) * eased;
      at.y[i] = from.y[i] + (to.y[i] - from.y[i]) * eased;
    }
    state.moving = true;
    draw();
    requestAnimationFrame(step);
  };
  if (media("(prefers-reduced-motion: reduce)").matches) arrive(to); else requestAnimationFrame(step);
}
