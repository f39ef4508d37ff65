// httpx-repl run bench/loop.js URL N CONCURRENCY
const [url, n, concurrency] = [args[0], Number(args[1]), Number(args[2])];
let started = 0;
let count = 0;

async function worker() {
  while (started < n) {
    started++;
    const response = await client.get(url);
    if (response.json().id !== 7) throw new Error(`a wrong answer: ${response.text}`);
    count++;
  }
}

const begun = performance.now();
await Promise.all(Array.from({ length: concurrency }, worker));
console.log(JSON.stringify({ count, seconds: (performance.now() - begun) / 1000 }));
