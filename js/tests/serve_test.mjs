// The server of pages: headers, types, and that no path leads out of its folder.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { createFolderServer } from "../threads/serve.mjs";

let folder, server;

/** A request whose path nobody normalises. */
function get(path, method = "GET") {
  return new Promise((resolve, reject) => {
    request({ port: server.address().port, host: "127.0.0.1", path, method }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
    })
      .on("error", reject)
      .end();
  });
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "serve-"));
  mkdirSync(join(folder, "root", "sub folder"), { recursive: true });
  writeFileSync(join(folder, "secret.txt"), "secret");
  writeFileSync(join(folder, "root-secret.txt"), "secret");
  for (const name of ["index.html", "a.wasm", "b.mjs", "c.js", "sub folder/d.bin"]) {
    writeFileSync(join(folder, "root", name), name);
  }
  symlinkSync(join(folder, "secret.txt"), join(folder, "root", "link.txt"));
  server = createFolderServer(join(folder, "root"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test("every answer isolates the page", async () => {
  for (const path of ["/", "/a.wasm", "/nothing"]) {
    const { headers } = await get(path);
    assert.equal(headers["cross-origin-opener-policy"], "same-origin");
    assert.equal(headers["cross-origin-embedder-policy"], "require-corp");
    assert.equal(headers["cross-origin-resource-policy"], "same-origin");
  }
});

test("files have their types", async () => {
  for (const [path, type, text] of [
    ["/", "text/html; charset=utf-8", "index.html"],
    ["/a.wasm?v=1", "application/wasm", "a.wasm"],
    ["/b.mjs", "text/javascript", "b.mjs"],
    ["/c.js", "text/javascript", "c.js"],
    ["/sub%20folder/d.bin", "application/octet-stream", "sub folder/d.bin"],
  ]) {
    const answer = await get(path);
    assert.deepEqual([answer.status, answer.headers["content-type"], answer.text], [200, type, text]);
  }
  assert.equal((await get("/a.wasm", "HEAD")).text, "");
});

test("no path leads out of the folder", async () => {
  for (const path of [
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/sub%20folder/../../secret.txt",
    "/..%5csecret.txt",
    "/../root-secret.txt",
    "//secret.txt",
    "/link.txt",
    "/%00",
    "/%",
    "/a.wasm/..",
    "/sub%20folder",
  ]) {
    const { status, text } = await get(path);
    assert.ok(status === 404 || text === "index.html", `${path}: ${status} ${text}`);
    assert.doesNotMatch(text, /secret/);
  }
  assert.equal((await get("/a.wasm", "POST")).status, 405);
});
