// A page in a headless Chromium, driven by lines of JSON: a request on each line of standard input, an answer on each line
// of standard output. It ends with its input.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

import chromium from "@sparticuz/chromium";
import puppeteer from "puppeteer-core";

const executablePath = process.env.PUPPETEER_EXECUTABLE_PATH ?? (await chromium.executablePath());
const browser = await puppeteer.launch({
  executablePath,
  headless: "shell",
  // The only pages are those of the tests; as root, and in most containers, its sandbox cannot start.
  args: ["--no-sandbox", "--no-zygote", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none"],
});
const page = await browser.newPage();
const faults = [];
page.on("pageerror", (error) => faults.push(String(error)));
page.on("console", (message) => {
  if (message.type() === "error") faults.push(message.text());
});

const acts = {
  async open({ address }) {
    const response = await page.goto(address, { waitUntil: "domcontentloaded" });
    return { status: response.status(), address: page.url() };
  },
  async resize({ width, height }) {
    await page.setViewport({ width, height });
  },
  async scheme({ scheme }) {
    await page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: scheme },
      { name: "prefers-reduced-motion", value: "reduce" },
    ]);
  },
  // An expression, until it is true or `seconds` have passed.
  async wait({ expression, seconds }) {
    // Not by what runs within the page, whose policy forbids that.
    const end = Date.now() + seconds * 1000;
    while (!(await page.evaluate(expression))) {
      if (Date.now() > end) throw new Error(`not within ${seconds} s: ${expression}`);
      await new Promise((done) => setTimeout(done, 100));
    }
  },
  async evaluate({ expression }) {
    return page.evaluate(expression);
  },
  // What a checker of accessibility finds wrong.
  async check() {
    const file = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
    await page.evaluate(await readFile(file, "utf8"));
    const { violations } = await page.evaluate("axe.run()");
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`);
  },
  async picture({ file, whole }) {
    await page.screenshot({ path: file, fullPage: whole });
  },
  async faults() {
    return faults;
  },
};

const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
answer({ ok: await browser.version() });
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  try {
    answer({ ok: (await acts[request.act](request)) ?? null });
  } catch (error) {
    answer({ error: String(error) });
  }
}
await browser.close();
