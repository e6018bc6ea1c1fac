/*
 * Guests in workers, for Node and pages: several workers at a time, each with an engine and guests of its own, and
 * arrays that are transferred to them or shared with them.
 */
const ITEMS = 4000;
const WORKERS = 3;
const GUESTS = 2;

/** A worker that answers questions in the order in which they are asked. */
export class BridgeWorker {
  #post;
  #waiting = new Map();
  #next = 0;

  /**
   * @param {(receive: (data: object) => void, fail: (error: Error) => void) => (message, transfer) => void} start
   *   Starts a worker of bridge_worker.js, and gives the function that posts to it.
   */
  static async open(start) {
    const worker = new BridgeWorker();
    const ready = worker.#wait("ready");
    worker.#post = await start(
      ({ id, ...answer }) => worker.#waiting.get(id).resolve(answer),
      (error) => worker.#waiting.forEach(({ reject }) => reject(error)),
    );
    await ready;
    return worker;
  }

  #wait(id) {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  ask(message, transfer = []) {
    const id = this.#next++;
    const answer = this.#wait(id);
    this.#post({ id, ...message }, transfer);
    return answer;
  }
}

function check(holds, message) {
  if (!holds) {
    throw new Error(message);
  }
}

const component = (worker, guest, step) =>
  Float64Array.from({ length: ITEMS }, (_, i) => worker + guest + i * step);

function checkSpeeds(speeds, east, north) {
  const wrong = speeds.findIndex((speed, i) => speed !== Math.sqrt(east[i] * east[i] + north[i] * north[i]));
  check(speeds.length === ITEMS && wrong < 0, `speed ${wrong} is ${speeds[wrong]}`);
}

const shared = (array) => {
  const copy = new Float64Array(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
};

/** All guests of all workers compute at the same time, twice. */
export async function guestsInWorkers(start, { engineModule, guestModule, isShared }) {
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => BridgeWorker.open(start)));
  for (const { statuses } of await Promise.all(
    workers.map((worker) => worker.ask({ engineModule, guestModule, count: GUESTS })),
  )) {
    check(statuses.length === GUESTS && statuses.every((status) => status === 0), `statuses ${statuses}`);
  }
  const run = async (worker, number, guest) => {
    const [east, north] = [component(number, guest, 1), component(number, guest, 2)];
    if (isShared) {
      const speeds = shared(new Float64Array(ITEMS));
      const { status } = await worker.ask({ guest, east: shared(east), north: shared(north), speeds });
      check(status === 0, `status ${status}`);
      checkSpeeds(speeds, east, north);
    } else {
      const sent = [east.slice(), north.slice()];
      const answer = worker.ask(
        { guest, east: sent[0], north: sent[1] },
        sent.map(({ buffer }) => buffer),
      );
      check(
        sent.every(({ length }) => length === 0),
        "the arrays have been transferred",
      );
      const { status, speeds } = await answer;
      check(status === 0, `status ${status}`);
      checkSpeeds(speeds, east, north);
    }
  };
  for (let round = 0; round < 2; round++) {
    const runs = workers.flatMap((worker, number) =>
      Array.from({ length: GUESTS }, (_, guest) => run(worker, number, guest)),
    );
    await Promise.all(runs);
  }
}
