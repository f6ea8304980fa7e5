// What the peers on Node share: read the question, time the answer inside the process, write it as int64.
import { readFileSync, writeFileSync } from "node:fs";

const [, , library, questionFile, answerFile] = process.argv;
export const question = JSON.parse(readFileSync(questionFile, "utf8"));

// Each array goes out as its length and its values, as bytes that Python reads back.
function bytes(arrays) {
  const size = arrays.reduce((sum, array) => sum + 1 + array.length, 0);
  const flat = new BigInt64Array(size);
  let at = 0;
  for (const array of arrays) {
    flat[at++] = BigInt(array.length);
    for (const value of array) flat[at++] = BigInt(value);
  }
  return Buffer.from(flat.buffer);
}

// Milliseconds of rows become (offsets, microseconds).
export function columns(rows) {
  const offsets = [0];
  const values = [];
  for (const row of rows) {
    for (const ms of row) values.push(ms * 1000);
    offsets.push(values.length);
  }
  return [offsets, values];
}

// `prepare` and `common` are not timed, `run` is; it is repeated while there is time, and its median counts.
export function measure(libraries) {
  const { prepare, run, common } = libraries[library];
  const prepared = prepare(question);
  const timed = () => {
    const begin = performance.now();
    const answer = run(prepared, question);
    return [performance.now() - begin, answer];
  };
  const [first, answer] = timed();
  writeFileSync(answerFile, bytes(common(answer, question)));
  let times = [first];
  if (first < question.budget_ms) {
    times = [];
    const until = performance.now() + question.budget_ms;
    while (times.length < 3 || (times.length < 500 && performance.now() < until)) times.push(timed()[0]);
  }
  times.sort((a, b) => a - b);
  const middle = times.length >> 1;
  const ms = times.length % 2 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
  console.log(JSON.stringify({ ms }));
}
