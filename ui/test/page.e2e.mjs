// The page in a real browser against a running daemon:
//   BASE_URL=http://127.0.0.1:22243 node --test test/page.e2e.mjs
// The daemon must watch at least one Redis. CHROMIUM names the browser (default /usr/bin/chromium).
import assert from "node:assert/strict";
import { test } from "node:test";
import { json, opener, skip } from "./browser.mjs";

const base = process.env.BASE_URL ?? "";
// Without an address nothing would be checked, and that must not look like a pass.
if (base === "") throw new Error("cannot test the page: BASE_URL is not set");
const kMostBytes = 102 * 1024;
const open = opener(base);

test("caches: a card with state, hit ratio, numbers and a sentence", { skip }, async () => {
  const { page, check } = await open("/");
  const card = page.locator("article.card").first();
  await card.waitFor();
  assert.match(await card.locator(".state").innerText(), /up|down|unknown/);
  assert.match(
    await card.locator(".big").innerText(),
    /\d+(\.\d+)?\s*%|no traffic|too little traffic|not measured|unknown/,
  );
  assert.notEqual((await card.locator(".verdict").innerText()).trim(), "");
  for (const label of ["ops/s", "evictions/s", "clients", "memory"])
    assert.equal(await card.getByText(label, { exact: true }).count(), 1, label);
  await card.locator(".figure").first().click();
  await page.waitForURL(/\/query\?.*expr=rate/);
  await check();
});

test("dashboard: the shipped one draws lines, its rows fold, its weight is small", { skip }, async () => {
  const { page, check, context } = await open("/");
  const network = await context.newCDPSession(page);
  await network.send("Network.enable");
  await network.send("Network.setCacheDisabled", { cacheDisabled: true });
  const assets = new Set();
  let bytes = 0;
  network.on("Network.responseReceived", ({ requestId, response }) => {
    if (!response.url.includes("/api/")) assets.add(requestId);
  });
  network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (assets.has(requestId)) bytes += encodedDataLength;
  });
  await page.goto(`${base}/d/redis?from=now-15m&to=now`);
  await page.locator(".plot canvas").first().waitFor();
  await page.waitForTimeout(1_000);
  const drawn = await page.evaluate(() =>
    [...document.querySelectorAll(".plot canvas")].map((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const colors = new Set();
      for (let i = 0; i < data.length; i += 4)
        if (data[i + 3] > 200) colors.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
      return colors.size;
    }),
  );
  assert.ok(
    drawn.some((colors) => colors > 3),
    `canvas colours: ${drawn}`,
  );
  assert.ok(bytes > 10_000 && bytes < kMostBytes, `page and dashboard took ${bytes} bytes`);
  const before = await page.locator(".panel").count();
  await page.locator(".row-head button[aria-expanded=true]").first().click();
  assert.ok((await page.locator(".panel").count()) < before);
  await check();
});

test("dashboard: time range, zoom by brush and variables live in the address", { skip }, async () => {
  const { page, check } = await open("/d/redis");
  await page.locator(".plot canvas").first().waitFor();
  await page.keyboard.press("t");
  await page.getByRole("button", { name: "Last 15 minutes" }).click();
  await page.waitForURL(/from=now-15m&to=now/);
  const area = await page.locator(".plot .u-over").first().boundingBox();
  await page.mouse.move(area.x + area.width * 0.4, area.y + 20);
  await page.mouse.down();
  await page.mouse.move(area.x + area.width * 0.8, area.y + 30, { steps: 6 });
  await page.mouse.up();
  await page.waitForURL(/from=\d{13}&to=\d{13}/);
  await page.goBack();
  await page.waitForURL(/from=now-15m/);
  await page.getByRole("button", { name: /^Instance:/ }).click();
  await page.locator(".options label").nth(1).click();
  await page.waitForURL(/var-instance=/);
  await check();
});

test("keyboard: pages, help, focus that can be seen", { skip }, async () => {
  const { page, check } = await open("/");
  await page.locator("h1").waitFor();
  for (const [keys, path] of [
    ["d", "/dashboards"],
    ["a", "/alerts"],
    ["t", "/targets"],
    ["q", "/query"],
    ["c", "/"],
  ]) {
    await page.keyboard.press("g");
    await page.keyboard.press(keys);
    await page.waitForFunction((wanted) => location.pathname === wanted, path);
  }
  await page.keyboard.press("?");
  await page.locator("dialog[open]").waitFor();
  assert.ok((await page.locator("dialog[open] kbd").count()) >= 10);
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.querySelector("dialog[open]") === null);
  await page.locator("h1").click();
  for (let i = 0; i < 6; i++) {
    await page.keyboard.press("Tab");
    const outline = await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      return [document.activeElement.tagName, style.outlineStyle, parseFloat(style.outlineWidth)];
    });
    assert.ok(outline[0] !== "BODY" && outline[1] !== "none" && outline[2] > 0, `focus ${i}: ${outline}`);
  }
  await check();
});

test("alerts and targets are listed", { skip }, async () => {
  const { page, check } = await open("/alerts");
  await page.getByRole("button", { name: /\d+ firing/ }).waitFor();
  await page.getByRole("link", { name: "Rules" }).click();
  await page.locator("table.rules tbody tr").first().waitFor();
  assert.match(
    await page.locator("table.rules .state").first().innerText(),
    /firing|pending|inactive|broken|cannot|ok/,
  );
  await page.goto(`${base}/targets`);
  await page.locator("table.targets tbody tr").first().waitFor();
  assert.match(await page.locator("table.targets .state").first().innerText(), /up|down|unknown/);
  await page.goto(`${base}/advice/redis#redisdown`);
  await page.locator("#redisdown.here").waitFor();
  await check();
});

test("what others wrote stays text", { skip }, async () => {
  const evil = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>";
  const alert = {
    fingerprint: "00000000000000ff",
    status: { state: "active", silencedBy: [], inhibitedBy: [], mutedBy: [] },
    labels: { alertname: evil, severity: evil },
    annotations: { summary: evil, runbook_url: "javascript:alert(1)" },
    state: "firing",
    activeAt: new Date().toISOString(),
    startsAt: new Date().toISOString(),
    value: "1",
  };
  const { page, check } = await open("/alerts", {
    prepare: async (page) => {
      for (const path of ["**/api/v1/alerts*", "**/api/v1/alerting/alerts*"])
        await page.route(path, (route) => route.fulfill(json({ status: "success", data: { alerts: [alert] } })));
    },
  });
  await page.locator("article.alert").first().waitFor();
  assert.equal(await page.locator("article.alert").count(), 1);
  assert.equal(await page.locator("main img, main b >> text=bold").count(), 0);
  assert.equal(await page.locator('a[href^="javascript"]').count(), 0);
  assert.match(await page.locator("article.alert").innerText(), /<img src=x/);
  assert.doesNotMatch(await page.title(), /owned/);
  await check();
});

test("panels: unknown type, failing query, text with script", { skip }, async () => {
  const panel = (id, type, more = {}) => ({
    id,
    type,
    title: `panel ${id}`,
    gridPos: { x: (id % 3) * 8, y: Math.floor(id / 3) * 6, w: 8, h: 6 },
    ...more,
  });
  const board = {
    uid: "e2e",
    title: "e2e",
    schemaVersion: 39,
    time: { from: "now-15m", to: "now" },
    refresh: "",
    panels: [
      panel(0, "worldmap"),
      panel(1, "timeseries", { targets: [{ refId: "A", expr: "sum(" }] }),
      panel(2, "text", {
        options: {
          mode: "html",
          content: "<h2>hello</h2><script>document.title='owned'</script><a href='javascript:1'>x</a><img src='/x'>",
        },
      }),
      panel(3, "timeseries", {
        targets: [
          { refId: "A", expr: "vector(1)", legendFormat: "one" },
          { refId: "B", expr: "vector(2)", legendFormat: "two" },
        ],
        options: { legend: { displayMode: "table", placement: "bottom", calcs: ["mean"] } },
      }),
      panel(4, "stat", {
        targets: [{ refId: "A", expr: "vector(1536)" }],
        fieldConfig: { defaults: { unit: "bytes" } },
      }),
      panel(5, "logs", { datasource: { type: "loki", uid: "x" }, targets: [{ refId: "A", expr: "{}" }] }),
    ],
  };
  const { page, context, outside } = await open("/d/e2e", {
    prepare: async (page) => {
      await page.route("**/api/dashboards/e2e", (route) => route.fulfill(json(board)));
    },
  });
  await page.getByText("worldmap").waitFor();
  await page.locator(".panel-error").first().waitFor();
  assert.match(await page.locator(".panel-error").first().innerText(), /parse|unexpected|unclosed|syntax/i);
  await page.getByText("hello").waitFor();
  assert.equal(await page.locator(".prose script, .prose img, .prose a").count(), 0);
  await page.getByText("1.50 KiB").waitFor();
  const two = page.getByRole("button", { name: "two", exact: true });
  await page.getByRole("button", { name: "one", exact: true }).click();
  assert.equal(await two.getAttribute("aria-pressed"), "false");
  await page.getByRole("button", { name: "one", exact: true }).click();
  assert.equal(await two.getAttribute("aria-pressed"), "true");
  assert.deepEqual(outside, []);
  await context.close();
});

test("a daemon that goes away is told, and coming back is noticed", { skip }, async () => {
  const { page, context } = await open("/?refresh=5s");
  await page.locator("article.card").first().waitFor();
  await page.route("**/api/**", (route) => route.abort());
  await page.keyboard.press("r");
  await page.locator(".banner").waitFor();
  assert.ok((await page.locator("article.card").count()) > 0, "old cards stay");
  await page.unroute("**/api/**");
  await page.locator(".banner").waitFor({ state: "detached", timeout: 20_000 });
  await context.close();
});

test("no caches: the page says how to connect one", { skip }, async () => {
  const { page, check } = await open("/", {
    prepare: async (page) => {
      await page.route("**/api/v1/query*", (route) =>
        route.fulfill(json({ status: "success", data: { resultType: "vector", result: [] } })),
      );
      await page.route("**/api/v1/targets*", (route) =>
        route.fulfill(json({ status: "success", data: { activeTargets: [], droppedTargets: [] } })),
      );
    },
  });
  await page.getByText("cachescope up redis://host:port").waitFor();
  await check();
});

for (const [name, width] of [
  ["phone", 360],
  ["tablet", 800],
  ["desktop", 1440],
]) {
  test(`nothing runs over the edge: ${name}`, { skip }, async () => {
    const { page, check } = await open("/", { viewport: { width, height: 800 } });
    for (const path of ["/", "/d/redis", "/alerts", "/alerts/rules", "/targets", "/query?expr=up", "/dashboards"]) {
      await page.goto(base + path);
      await page.locator("h1").waitFor();
      await page.waitForTimeout(500);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wide <= 0, `${path} is ${wide} px too wide at ${width}`);
    }
    await check();
  });
}

test("dark and light differ and the choice is kept", { skip }, async () => {
  const { page, check } = await open("/", { colorScheme: "light" });
  await page.locator("h1").waitFor();
  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await colour();
  await page.getByRole("button", { name: /^Colours/ }).click();
  const dark = await colour();
  assert.notEqual(light, dark);
  await page.reload();
  await page.locator("h1").waitFor();
  assert.equal(await colour(), dark);
  await check();
});
