// The benchmark's peer from JavaScript: node, 20 or later.
//
//     node worker.mjs [node]             answer requests, a JSON line each
//     node worker.mjs [node] --hello     run one async function that says hello
//     node worker.mjs [node] --check     run every workload once, tiny
//
// What is measured is in workloads.mjs.

async function hello() {
  console.log("hello");
}

async function serve() {
  const { createInterface } = await import("node:readline");
  const { workloads, measure } = await import("./workloads.mjs");
  const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
  say({
    peer: "node",
    version: `node ${process.versions.node}, V8 ${process.versions.v8}`,
    workloads: Object.keys(workloads),
  });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      say(await measure(JSON.parse(line)));
    } catch (error) {
      say({ error: String(error) });
    }
  }
}

// check runs every workload once, tiny; it tells whether all of them worked.
async function check() {
  const { workloads, measure } = await import("./workloads.mjs");
  let passed = 0;
  let failed = 0;
  for (const workload of Object.keys(workloads)) {
    try {
      const answer = await measure({ workload, ops: 20, size: 20 });
      if (!(answer.ns > 0 && answer.ops >= 20)) throw new Error(JSON.stringify(answer));
      passed++;
      console.log("ok", workload, JSON.stringify(answer));
    } catch (error) {
      failed++;
      console.log("FAILED", workload, String(error));
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0;
}

if (process.argv.includes("--hello")) {
  await hello();
} else if (process.argv.includes("--check")) {
  process.exit((await check()) ? 0 : 1);
} else {
  await serve();
  process.exit(0); // what sleeps for an hour is not waited for
}
