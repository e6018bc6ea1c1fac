// Draws the Mandelbrot set under Node with 1, 2 and 4 threads, tells the times, and writes the picture:
// demo.mjs FILE.png

import { writeFileSync } from "node:fs";
import { argv, exit } from "node:process";
import { crc32 as zlibCrc32, deflateSync } from "node:zlib";

import { ThreadPool } from "../../js/threads/threadpool.js";
import { colours, evaluatePicture } from "./mandelbrot.mjs";

const [WIDTH, HEIGHT] = [1200, 800];

/** The checksum of PNG; Node has it from version 22 on. */
function crc32(bytes) {
  if (zlibCrc32) {
    return zlibCrc32(bytes);
  }
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return ~crc >>> 0;
}

function chunk(name, data) {
  const content = Buffer.concat([Buffer.from(name), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, checksum]);
}

/** A picture of four bytes a pixel as a PNG file. */
function png(width, height, bytes) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  // A zero before each row: no filter.
  const rows = Buffer.alloc((4 * width + 1) * height);
  for (let y = 0; y < height; y++) {
    rows.set(bytes.subarray(4 * width * y, 4 * width * (y + 1)), (4 * width + 1) * y + 1);
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  const chunks = [chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, ...chunks]);
}

const [, , file] = argv;
if (file === undefined) {
  console.error("usage: demo.mjs FILE.png");
  exit(2);
}
let first = null;
for (const threads of [1, 2, 4]) {
  // The thread that evaluates works too.
  const pool = await ThreadPool.create(threads - 1);
  const { steps, milliseconds } = await evaluatePicture(pool, WIDTH, HEIGHT, 3);
  await pool.shutdown();
  console.log(
    `  ${threads} ${threads === 1 ? "thread " : "threads"} ${milliseconds.toFixed(1).padStart(8)} ms`,
  );
  first ??= steps;
  if (!steps.every((count, i) => count === first[i])) {
    console.error("the pictures differ");
    exit(1);
  }
}
writeFileSync(file, png(WIDTH, HEIGHT, colours(first)));
console.log(`  all pictures are the same; ${file}`);
