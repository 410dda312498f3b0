// Pictures between canvases and the bytes of a contract.

/** Bytes (height, width, channels) onto a canvas, which takes their size. */
export function show(canvas, bytes, [height, width, channels]) {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      image.data[4 * i + c] = bytes[i * channels + (channels === 1 ? 0 : c)];
    }
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** The bytes of a picture of any kind, cut square and scaled. */
export function bytesOf(picture, [height, width, channels], inverted = false) {
  const scaled = document.createElement("canvas");
  scaled.width = width;
  scaled.height = height;
  const context = scaled.getContext("2d", { willReadFrequently: true });
  const w = picture.videoWidth || picture.width;
  const h = picture.videoHeight || picture.height;
  const side = Math.min(w, h);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, (w - side) / 2, (h - side) / 2, side, side, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const bytes = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const rgb = [data[4 * i], data[4 * i + 1], data[4 * i + 2]];
    const grey = Math.round(0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]);
    for (let c = 0; c < channels; c++) {
      const value = channels === 1 ? grey : rgb[c];
      bytes[i * channels + c] = inverted ? 255 - value : value;
    }
  }
  return bytes;
}

/** A drawing as MNIST has digits: 20 of 28 pixels, its mass in the middle. */
export function asDigit(canvas) {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d", { willReadFrequently: true })
    .getImageData(0, 0, width, height);
  let [left, top, right, bottom] = [width, height, -1, -1];
  let [mass, x, y] = [0, 0, 0];
  for (let i = 0; i < width * height; i++) {
    const value = data[4 * i];
    if (value < 32) continue;
    const [cx, cy] = [i % width, Math.floor(i / width)];
    [left, right] = [Math.min(left, cx), Math.max(right, cx)];
    [top, bottom] = [Math.min(top, cy), Math.max(bottom, cy)];
    mass += value;
    x += value * cx;
    y += value * cy;
  }
  const found = document.createElement("canvas");
  found.width = found.height = 28;
  const context = found.getContext("2d");
  context.fillRect(0, 0, 28, 28);
  if (right < 0) return found;
  const scale = 20 / (Math.max(right - left, bottom - top) + 1);
  context.imageSmoothingQuality = "high";
  context.drawImage(canvas, 14 - (x / mass) * scale, 14 - (y / mass) * scale,
    width * scale, height * scale);
  return found;
}

/** A canvas to draw on with a finger, a pen or a mouse, white on black. */
export function drawable(canvas, onChange) {
  let last = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * canvas.width / box.width,
      (event.clientY - box.top) * canvas.height / box.height];
  };
  const stroke = (event) => {
    const context = canvas.getContext("2d");
    const next = at(event);
    context.strokeStyle = "#fff";
    context.lineWidth = canvas.width / 13;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(...last);
    context.lineTo(...next);
    context.stroke();
    last = next;
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!onChange("begin")) return;
    canvas.setPointerCapture(event.pointerId);
    last = at(event);
    stroke(event);
  });
  canvas.addEventListener("pointermove", (event) => { if (last) stroke(event); });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      if (last) { last = null; onChange("end"); }
    });
  }
}

/** The difference of two pictures around grey, amplified. */
export function difference(one, other, times) {
  return Uint8ClampedArray.from(one, (value, i) => 128 + times * (other[i] - value));
}
