// The browsers in which pages are tested: headless Chromium, and Firefox where it is installed.

import { execFileSync } from "node:child_process";
import { after, before, describe, test } from "node:test";

import { chromium, firefox } from "playwright-core";

/** Where a command is, if its variable does not say it; null if it is not installed. */
function find(variable, command) {
  try {
    return (
      process.env[variable] ??
      execFileSync("sh", ["-c", `command -v ${command}`], { encoding: "utf8" }).trim()
    );
  } catch {
    return null;
  }
}

const BROWSERS = [
  {
    name: "Chromium",
    path: find("CHROMIUM", "chromium"),
    // The sandbox does not work as root.
    launch: (executablePath) => chromium.launch({ executablePath, args: ["--no-sandbox"] }),
  },
  {
    name: "Firefox",
    path: find("FIREFOX", "firefox-esr"),
    // Driven by WebDriver BiDi, which a Firefox that nobody has changed speaks.
    launch: (executablePath) => firefox.launch({ executablePath, channel: "moz-firefox" }),
  },
];

/**
 * Defines tests for each browser.
 *
 * @param {(tools: {browserTest: Function, openPage: Function}) => void} define `browserTest(name, run)` defines a test that
 *   prints the console of the browser if it fails, `{ except: { Firefox: why } }` leaves a browser out; `openPage(url, ready)` opens a page and waits until a function that
 *   runs in it gives something true.
 * @param {(open: Function) => Promise<void>} [prepare] Runs before the tests of each browser, with `openPage`.
 */
export function inEachBrowser(define, prepare = async () => {}) {
  for (const { name, path, launch } of BROWSERS) {
    describe(name, { skip: path === null && `${name} is not installed` }, () => {
      let browser;
      const printed = [];
      const openPage = async (url, ready) => {
        const page = await browser.newPage();
        page.on("console", (message) => printed.push(message.text()));
        page.on("pageerror", (error) => printed.push(String(error)));
        await page.goto(url);
        await page.waitForFunction(ready);
        return page;
      };
      const browserTest = (title, run, { except } = {}) => {
        test(title, { skip: except?.[name] }, async () => {
          printed.length = 0;
          try {
            await run();
          } catch (error) {
            console.log(printed.join("\n"));
            throw error;
          }
        });
      };
      before(async () => {
        browser = await launch(path);
        await prepare(openPage);
      });
      after(() => browser?.close());
      define({ browserTest, openPage });
    });
  }
}
