// The page: one method at a time, from what is put in to what others see.
import { loadLiteRt } from "@litertjs/core";
import { asked, Client, loadDemo, randomBytes } from "./bundle.js";
import { asDigit, bytesOf, difference, drawable, show } from "./picture.js";

const METHODS = {
  ran: ["RAN", "Features classify well and cannot be turned back into the picture."],
  gap: ["GAP", "Whether a digit is odd is erased; which pair it is of (0 and 1, 2 and 3, …) stays."],
  fakesafe: ["FakeSafe", "A real picture of another kind carries the message; only who has the key reads it."],
  confounder_gan: ["ConfounderGAN", "Noise that nobody sees, within a few levels a pixel: whoever trains on such pictures learns the noise, not what they show."],
};
const $ = (id) => document.getElementById(id);
const SIDE = 280;
const NONCE_BYTES = 16;
const state = { opened: 0, method: null, client: null, demo: null, bytes: null, at: 0, times: null, stream: null };

function say(text, error = false) {
  $("status").textContent = text;
  $("status").classList.toggle("error", error);
}

const input = () => state.client.inputs.find((one) => one.kind === "image");
const shapeOf = (tensor) => tensor.shape.slice(1);

async function open(method) {
  stopCamera();
  say("Loading.");
  $("page").hidden = true;
  state.client?.delete();
  state.demo?.roles.forEach((role) => role.part.delete());
  state.client = state.demo = null;
  for (const button of $("methods").children) {
    button.setAttribute("aria-pressed", String(button.value === method));
  }
  state.method = method;
  state.opened += 1;
  const mine = state.opened;
  const client = await Client.load(`../${method}/bundle`);
  const demo = await loadDemo(`../${method}/demo`, client);
  if (mine !== state.opened) { // another one was opened meanwhile
    client.delete();
    demo.roles.forEach((role) => role.part.delete());
    return;
  }
  Object.assign(state, { client, demo });
  $("about").textContent = METHODS[method][1];
  $("page").hidden = false;
  state.at = -1;
  state.times = null;
  await nextSample();
  say("");
}

async function nextSample() {
  const held = state.demo.samples[input().name];
  state.at = (state.at + 1) % held.shape[0];
  const each = held.values.length / held.shape[0];
  await take(held.values.slice(state.at * each, (state.at + 1) * each));
}

/** Takes bytes as the input, shows them and all that follows. */
async function take(bytes) {
  state.bytes = bytes;
  const small = document.createElement("canvas");
  show(small, bytes, shapeOf(input()));
  const canvas = $("source");
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, SIDE, SIDE);
  state.drawing = false;
  await follow();
}

async function follow() {
  const given = { [input().name]: state.bytes };
  for (const [name, held] of Object.entries(state.demo.samples)) {
    if (name === input().name) continue;
    const each = held.values.length / held.shape[0];
    const at = randomBytes(1)[0] % held.shape[0];
    given[name] = held.values.slice(at * each, (at + 1) * each);
  }
  const sent = await state.client.send(given);
  const answers = [];
  for (const role of state.demo.roles) {
    const keys = role.inputs.filter((one) => one.kind === "key");
    const right = asked(
      role, { ...sent.given, [state.client.output.name]: sent.values }, state.client);
    answers.push([role.says, role, (await role.part.run(right)).values]);
    if (!keys.length) continue;
    const wrong = { ...right };
    keys.forEach((one) => {
      wrong[one.name] = randomBytes(sent.given.key.length).map((b) => (b & 1) * 255);
    });
    answers.push(["With another key", role, (await role.part.run(wrong)).values]);
  }
  paint(given, sent, answers);
  const plain = (held) => Object.fromEntries(
    Object.entries(held).map(([name, values]) => [name, Array.from(values)]));
  state.last = {
    sent: Array.from(sent.values), given: plain(sent.given), milliseconds: sent.milliseconds,
    answers: answers.map(([says, role, values]) => [says, role.name, Array.from(values)]),
  };
}

function panel(title, ...content) {
  const section = document.createElement("section");
  const heading = document.createElement("h2");
  heading.textContent = title;
  section.append(heading, ...content);
  return section;
}

function picture(bytes, shape) {
  const canvas = document.createElement("canvas");
  show(canvas, bytes, shape);
  return canvas;
}

/** Numbers as bars; `labels` name them and mark the largest. */
function bars(values, labels, most = 1) {
  const list = document.createElement("ol");
  list.className = "bars";
  const best = values.indexOf(Math.max(...values));
  values.forEach((value, i) => {
    const row = document.createElement("li");
    const name = document.createElement("span");
    const meter = document.createElement("meter");
    const number = document.createElement("span");
    name.textContent = labels ? labels[i] : i + 1;
    meter.max = most;
    meter.value = value;
    number.textContent = most === 1 ? `${Math.round(100 * value)} %` : value;
    if (labels && i === best) row.className = "best";
    row.append(name, meter, number);
    list.append(row);
  });
  return list;
}

function seen(values, tensor, labels) {
  return tensor.shape.length === 4
    ? picture(values, shapeOf(tensor))
    : bars(Array.from(values), labels, tensor.dtype === "uint8" ? 255 : 1);
}

function paint(given, sent, answers) {
  const { output } = state.client;
  const panels = [];
  if (given.cover) {
    panels.push(panel("A real picture as cover", picture(given.cover, shapeOf(output))));
  }
  panels.push(panel("What leaves the device", seen(sent.values, output)));
  const before = given.cover || (output.kind === "image" ? state.bytes : null);
  if (before && before.length === sent.values.length) {
    panels.push(noisePanel(before, sent.values, shapeOf(output)));
  }
  for (const [says, role, values] of answers) {
    panels.push(panel(says, seen(values, role.part.output, role.labels)));
  }
  $("panels").replaceChildren(...panels);
  // A message under a key travels with its nonce.
  const leaving = sent.values.byteLength
    + (state.client.inputs.some((one) => one.kind === "key") ? NONCE_BYTES : 0);
  const rows = {
    "Leaves the device": `${leaving.toLocaleString()} bytes in the place of ${state.bytes.length.toLocaleString()}`,
    "Computed in": `${sent.milliseconds.toFixed(2)} ms on this device`,
    "Golden pair": `within ${state.client.goldenDifference} of ${state.client.described.golden.tolerance_quanta} steps`,
  };
  $("numbers").replaceChildren(...Object.entries(rows).flatMap(([key, value]) => {
    const [term, text] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = key;
    text.textContent = value;
    return [term, text];
  }));
}

function noisePanel(before, after, shape) {
  const most = after.reduce((found, value, i) => Math.max(found, Math.abs(value - before[i])), 0);
  state.times ??= Math.max(1, Math.round(127 / Math.max(most, 4)));
  const canvas = document.createElement("canvas");
  const label = document.createElement("label");
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: 1, max: 32, value: state.times });
  const update = () => {
    state.times = Number(slider.value);
    label.firstChild.textContent = `× ${state.times}, at most ${most} of 255 `;
    show(canvas, difference(before, after, state.times), shape);
  };
  label.append("", slider);
  slider.addEventListener("input", update);
  update();
  return panel("The change, amplified", canvas, label);
}

function stopCamera() {
  state.stream?.getTracks().forEach((track) => track.stop());
  state.stream = null;
  $("camera").hidden = true;
  $("live").textContent = "Camera";
}

async function camera() {
  const video = $("camera");
  if (state.stream) {
    const bytes = bytesOf(video, shapeOf(input()), $("invert").checked);
    stopCamera();
    return take(bytes);
  }
  state.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  video.srcObject = state.stream;
  await video.play();
  video.hidden = false;
  $("live").textContent = "Take it";
}

function onDrawing(event) {
  const canvas = $("source");
  if (event === "begin") {
    if (!state.drawing) {
      canvas.getContext("2d").fillRect(0, 0, canvas.width, canvas.height);
      state.drawing = true;
    }
    return true;
  }
  const shape = shapeOf(input());
  const digit = shape[0] === 28 && shape[2] === 1;
  state.bytes = bytesOf(digit ? asDigit(canvas) : canvas, shape);
  guarded(follow)();
  return true;
}

const guarded = (action) => async (...values) => {
  try {
    await action(...values);
  } catch (error) {
    say(error.message, true);
  }
};

async function start() {
  await loadLiteRt(new URL("node_modules/@litertjs/core/wasm/", location.href).pathname);
  for (const [name, [title]] of Object.entries(METHODS)) {
    const button = document.createElement("button");
    button.textContent = title;
    button.value = name;
    button.addEventListener("click", guarded(() => open(name)));
    $("methods").append(button);
  }
  drawable($("source"), onDrawing);
  $("sample").addEventListener("click", guarded(nextSample));
  $("clear").addEventListener("click", guarded(
    () => take(new Uint8Array(state.bytes.length))));
  $("live").addEventListener("click", guarded(camera));
  $("photo").addEventListener("change", guarded(async ({ target }) => {
    if (!target.files.length) return;
    const bitmap = await createImageBitmap(target.files[0]);
    target.value = "";
    await take(bytesOf(bitmap, shapeOf(input()), $("invert").checked));
  }));
  window.kprivacy = { state, open, take };
  await open(location.hash.slice(1) in METHODS ? location.hash.slice(1) : "ran");
}

guarded(start)();
