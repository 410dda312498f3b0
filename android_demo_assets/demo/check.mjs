// Drives the page in headless Chromium, as `npm run check` does:
//
//   node check.mjs RESULT.json [FOLDER FOR SCREENSHOTS]
//
// For every method it writes what the page sent for a sample of the test data
// and what its other parts made of it, for a drawing, a photo and a picture of
// the (browser's made-up) camera, every address that was asked for, and whether
// anything is wider than a telephone. CHROMIUM names the browser
// (/usr/bin/chromium).
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const [, , result, shots] = process.argv;
const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(here);
const KINDS = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };
const PHONE = { width: 390, height: 844 };

const server = http.createServer((request, response) => {
  const name = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
  const file = path.join(root, path.normalize(name.endsWith("/") ? `${name}index.html` : name));
  if (!file.startsWith(root) || !fs.existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { "content-type": KINDS[path.extname(file)] ?? "application/octet-stream" });
  fs.createReadStream(file).pipe(response);
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const origin = `http://127.0.0.1:${server.address().port}`;
const profile = fs.mkdtempSync(path.join(os.tmpdir(), "kprivacy-demo-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  viewport: PHONE,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
// A photo: a grey ramp from the left to the right.
const photoOf = (page) => page.evaluate(() => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 64;
  const context = canvas.getContext("2d");
  const ramp = context.createLinearGradient(0, 0, 64, 0);
  ramp.addColorStop(0, "#000");
  ramp.addColorStop(1, "#fff");
  context.fillStyle = ramp;
  context.fillRect(0, 0, 64, 64);
  return canvas.toDataURL("image/png").split(",")[1];
});
const found = { origin, requests: [], errors: [], methods: {} };
try {
  const page = await context.newPage();
  page.on("request", (one) => found.requests.push(one.url()));
  page.on("pageerror", (error) => found.errors.push(error.message));
  page.on("console", (one) => {
    // LiteRT says everything as an error.
    if (one.type() === "error" && !/^(INFO|WARNING)/.test(one.text())) found.errors.push(one.text());
  });
  for (const method of ["ran", "gap", "fakesafe", "confounder_gan"]) {
    if (!fs.existsSync(path.join(root, method, "demo"))) continue;
    await page.goto("about:blank");
    await page.goto(`${origin}/demo/#${method}`);
    await page.waitForFunction(() => document.getElementById("status").textContent === ""
      || document.getElementById("status").classList.contains("error"), null, { timeout: 60000 });
    found.methods[method] = await page.evaluate(() => {
      const { state } = window.kprivacy ?? {};
      return {
        status: document.getElementById("status").textContent,
        golden: state?.client?.goldenDifference,
        sample: state?.bytes && Array.from(state.bytes),
        last: state?.last,
        headings: Array.from(document.querySelectorAll("h2"), (one) => one.textContent),
        width: document.documentElement.scrollWidth,
      };
    });
    // A stroke, as a finger draws it.
    const box = await page.locator("#source").boundingBox();
    await page.mouse.move(box.x + 150, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 130, box.y + 220, { steps: 8 });
    await page.mouse.up();
    const taken = () => page.evaluate(() => {
      const { state } = window.kprivacy ?? {};
      return { sample: Array.from(state.bytes), sent: state.last.sent };
    });
    await page.waitForTimeout(500);
    found.methods[method].drawn = await taken();
    await page.locator("#photo").setInputFiles({
      name: "photo.png", mimeType: "image/png", buffer: Buffer.from(await photoOf(page), "base64"),
    });
    await page.waitForTimeout(500);
    found.methods[method].photo = await taken();
    await page.locator("#live").click();
    await page.waitForFunction(() => document.getElementById("live").textContent !== "Camera");
    await page.waitForTimeout(300);
    await page.locator("#live").click();
    await page.waitForFunction(() => document.getElementById("live").textContent === "Camera");
    await page.waitForTimeout(500);
    found.methods[method].camera = await taken();
    await page.locator("#sample").click();
    await page.waitForTimeout(300);
    if (shots) {
      await page.screenshot({ path: path.join(shots, `${method}_390.png`), fullPage: true });
      await page.setViewportSize({ width: 1200, height: 900 });
      await page.screenshot({ path: path.join(shots, `${method}_1200.png`), fullPage: true });
      await page.setViewportSize(PHONE);
    }
  }
} finally {
  await context.close();
  server.close();
  fs.rmSync(profile, { recursive: true, force: true });
}
fs.writeFileSync(result, JSON.stringify(found));
