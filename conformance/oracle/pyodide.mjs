// oracle.py on the CPython of the npm package pyodide (npm install, in this directory):
//
//	node pyodide.mjs < program.json    and --serve, --serve-checked
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { loadPyodide } from "pyodide";

const python = await loadPyodide();
const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
python.FS.writeFile("oracle.py", read("oracle.py"));
python.FS.writeFile("language.json", read("../scenario/language.json"));
python.runPython(`
import asyncio, sys
asyncio._set_running_loop(None)  # node's: the oracle has loops of its own
sys.path.insert(0, ".")
import oracle
language = oracle.read_language(".")
oracle.quiet()
`);

const mode = process.argv[2];
const checked = mode === "--serve-checked" ? "True" : "False";
const answer = python.runPython(`lambda text: oracle.answer_line(language, text, ${checked})`);
if (mode?.startsWith("--serve")) {
  process.stdout.write(python.runPython("oracle.version_line()") + "\n");
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(answer(line) + "\n");
  }
} else {
  const { trace, error } = JSON.parse(answer(readFileSync(0, "utf8")));
  console[error ? "error" : "log"](error ? `oracle: ${error}` : trace.join("\n"));
  process.exitCode = error ? 1 : 0;
}
