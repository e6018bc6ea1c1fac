#!/usr/bin/env node
/*
 * Serves a folder on this machine, with the headers that shared memory needs: serve.mjs [FOLDER] [PORT]
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { createReadStream, realpathSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, sep } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** The headers of every answer: of pages, of workers, and of what both load. */
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/** The file of a request, null if there is none. Links that lead out of the folder are followed to no file. */
async function fileOf(root, url) {
  const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
  if (path.includes("\0")) {
    return null;
  }
  let file = await realpath(join(root, path));
  if ((await stat(file)).isDirectory()) {
    file = await realpath(join(file, "index.html"));
  }
  return file.startsWith(root.endsWith(sep) ? root : root + sep) ? file : null;
}

/**
 * A server of a folder.
 *
 * @param {string} folder
 * @param {Record<string, string>} [headers] In place of those that isolate the page.
 * @returns {import("node:http").Server} Not yet listening.
 */
export function createFolderServer(folder, headers = ISOLATION) {
  const root = realpathSync(folder);
  return createServer(async (request, response) => {
    for (const [name, value] of Object.entries(headers)) {
      response.setHeader(name, value);
    }
    response.setHeader("Cache-Control", "no-cache");
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { Allow: "GET, HEAD" }).end();
      return;
    }
    const file = await fileOf(root, request.url).catch(() => null);
    if (file === null) {
      response.writeHead(404, { "Content-Type": "text/plain" }).end("not found\n");
      return;
    }
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    createReadStream(file)
      .on("error", () => response.destroy())
      .pipe(response);
  });
}

if (argv[1] && realpathSync(argv[1]) === fileURLToPath(import.meta.url)) {
  const [, , folder = ".", port = "8080"] = argv;
  const server = createFolderServer(folder);
  server.listen(Number(port), "127.0.0.1", () => {
    console.log(`http://localhost:${server.address().port}/`);
  });
}
