/// <reference lib="dom" />
/**
 * A real browser for tests of the page.
 *
 * @module
 */
import axe from "axe-core/axe.min.js" with { type: "text" };
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { assertEquals } from "../../testing/assert.ts";

/** Where Chromium is, on Debian, Ubuntu, macOS and Windows. */
const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** A machine that is busy with other tests takes its time. */
export const PATIENCE_MS = 120_000;

/** What a tab is like. */
export interface TabOptions {
  /** Width of the window in CSS pixels (default 1280). */
  width?: number;
  /** What the system prefers (default light). */
  scheme?: "light" | "dark";
  /** Lines of the console that are to be expected, such as those of a refused request. */
  mayLog?: RegExp;
}

/** A page of the browser, watched. */
export interface Tab extends AsyncDisposable {
  readonly page: Page;
  /** Paths of all requests so far. */
  readonly requests: readonly string[];
  /** Loads the page at a view, by its hash, and waits for a heading. */
  show(hash: string): Promise<void>;
  /** Waits until an expression of the page holds, with the arguments that it is given. */
  until<A extends unknown[]>(condition: (...args: A) => unknown, ...args: A): Promise<void>;
  /** Text of the first element of a selector, once it is there. */
  text(selector: string): Promise<string>;
  /** Answers paths of the server with JSON, in the server's stead, and `/v1/events` with text; for loads from now on. */
  answerWith(answers: Readonly<Record<string, unknown>>, events?: string): Promise<void>;
  /** Fails where the page logged what is not to be expected, or asked another host. */
  check(): void;
}

/** Path of a Chromium on this machine, or undefined. */
export function findChromium(): string | undefined {
  return PLACES.find((place) => {
    try {
      return Deno.statSync(place).isFile;
    } catch {
      return false;
    }
  });
}

/**
 * Registers a test that needs a browser; where there is none it is left out, and its name says why.
 *
 * @param run Gets a browser with a fresh profile, closed afterwards.
 */
export function browserTest(
  name: string,
  run: (browser: Browser, context: Deno.TestContext) => Promise<void>,
): void {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    const reason = "left out: no Chromium or Chrome was found, such as /usr/bin/chromium";
    Deno.test.ignore(`${name} (${reason})`, () => {});
    return;
  }
  // The browser's socket and timers are its library's own.
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false }, async (context) => {
    const userDataDir = await Deno.makeTempDir();
    const browser = await puppeteer.launch({
      executablePath,
      userDataDir,
      timeout: PATIENCE_MS,
      protocolTimeout: PATIENCE_MS,
      args: [
        "--no-sandbox", // Chromium has no sandbox for root, and the page is ours.
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
      ],
    });
    try {
      await run(browser, context);
    } finally {
      await browser.close();
      await Deno.remove(userDataDir, { recursive: true });
    }
  });
}

/** Opens a tab on a service; disposing of it fails where the page logged an error or asked another host. */
export async function openTab(browser: Browser, url: string, options: TabOptions = {}): Promise<Tab> {
  const { width = 1280, scheme = "light", mayLog } = options;
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const problems: string[] = [];
  const strangers: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    const text = `${message.type()}: ${message.text()}`;
    if (["error", "warn"].includes(message.type()) && !mayLog?.test(text)) problems.push(text);
  });
  page.on("pageerror", (error) => problems.push(`thrown: ${error}`));
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (["data:", "about:"].includes(asked.protocol) || asked.origin === new URL(url).origin) {
      requests.push(asked.pathname);
      request.continue();
    } else {
      strangers.push(request.url());
      request.abort();
    }
  });
  const tab: Tab = {
    ...{ page, requests },
    async show(hash) {
      await page.goto("about:blank"); // loaded anew, and not only another view
      await page.goto(`${url}${hash}`);
      await page.waitForSelector("main h1");
    },
    async until(condition, ...args) {
      await page.waitForFunction(
        condition as (...given: unknown[]) => unknown,
        { timeout: PATIENCE_MS },
        ...args,
      );
    },
    async text(selector) {
      return await page.waitForSelector(selector).then((found) => found!.evaluate((it) => it.textContent!));
    },
    async answerWith(answers, events) {
      await page.evaluateOnNewDocument(
        (answers, events) => {
          const ask = globalThis.fetch;
          globalThis.fetch = (input, init) => {
            const path = new URL(String(input), location.href).pathname;
            if (path in answers) return Promise.resolve(Response.json(answers[path]));
            if (path !== "/v1/events" || events === undefined) return ask(input, init);
            const bytes = new TextEncoder().encode(events);
            return Promise.resolve(
              new Response(new ReadableStream({ start: (sink) => sink.enqueue(bytes) })),
            );
          };
        },
        answers,
        events,
      );
    },
    check() {
      assertEquals(strangers, [], "requests to other hosts");
      assertEquals(problems, [], "problems that the page logged");
    },
    async [Symbol.asyncDispose]() {
      await page.close();
    },
  };
  return tab;
}

/** Serious and critical violations that axe-core finds in what the tab shows, each with its rule and place. */
export async function violationsIn({ page }: Tab): Promise<string[]> {
  await page.evaluate(axe);
  return await page.evaluate(async () => {
    // deno-lint-ignore no-explicit-any
    const { violations } = await (globalThis as any).axe.run(document, { resultTypes: ["violations"] });
    // deno-lint-ignore no-explicit-any
    return violations.filter(({ impact }: any) => impact === "serious" || impact === "critical")
      // deno-lint-ignore no-explicit-any
      .flatMap(({ id, nodes }: any) => nodes.map(({ html }: any) => `${id}: ${html}`));
  });
}
