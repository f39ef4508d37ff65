// node|bun loop.node.mjs URL N CONCURRENCY [undici]
const [url, n, concurrency, library] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4]), process.argv[5]];

let get = async () => (await fetch(url)).json();
if (library === 'undici') {
  const { request } = await import('undici');
  get = async () => (await request(url)).body.json();
}

let started = 0;
let count = 0;

async function worker() {
  while (started < n) {
    started++;
    if ((await get()).id !== 7) throw new Error('a wrong answer');
    count++;
  }
}

const begun = performance.now();
await Promise.all(Array.from({ length: concurrency }, worker));
console.log(JSON.stringify({ count, seconds: (performance.now() - begun) / 1000 }));
process.exit(0); // undici keeps its connections, and with them the process
