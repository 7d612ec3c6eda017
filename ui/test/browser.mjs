// A browser for the tests of the page: CHROMIUM names it (default /usr/bin/chromium).
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const skip = existsSync(executablePath) ? false : `no ${executablePath}`;
let browser;

before(async () => {
  if (skip) return;
  browser = await chromium.launch({
    executablePath,
    headless: true,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
});
after(async () => browser?.close());

export const json = (value, status = 200) => ({
  status,
  contentType: "application/json",
  body: JSON.stringify(value),
});

/** Opens fresh pages below `base`; each notes everything suspicious. */
export function opener(base) {
  return async (path, options = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    const errors = [];
    const outside = [];
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(message.text());
    });
    page.on("pageerror", (error) => errors.push(String(error.stack ?? error)));
    page.on("request", (request) => {
      if (!request.url().startsWith(base)) outside.push(request.url());
    });
    if (options.prepare) await options.prepare(page);
    await page.goto(base + path);
    const check = async () => {
      assert.deepEqual(errors, []);
      assert.deepEqual(outside, []);
      await context.close();
    };
    return { page, check, context, errors, outside };
  };
}
