// A custom handler that does what a script file says, read anew for every request, and notes every
// request in a log file: {"start": action, "<function>": action}.
import { appendFileSync, readFileSync } from "node:fs";
import { createServer } from "node:http";

const action = (name) => {
  try {
    return JSON.parse(readFileSync(process.env.FAKE_SCRIPT, "utf8"))[name] ?? "ok";
  } catch {
    return "ok";
  }
};
const note = (entry) =>
  appendFileSync(process.env.FAKE_LOG, JSON.stringify({ pid: process.pid, ...entry }) + "\n");

const json = (response, status, body) => {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(body);
};
const act = (what, response) => {
  const [verb, argument] = what.split(":");
  if (verb === "fail") json(response, 500, "{}");
  else if (verb === "null") json(response, 200, "null");
  else if (verb === "exit") process.exit(Number(argument));
  else if (verb === "hang") return;
  else if (verb === "slow") setTimeout(() => act("ok", response), Number(argument));
  else if (verb === "empty") response.writeHead(204).end();
  else json(response, 200, '{"Outputs":{},"Logs":["said by the handler"],"ReturnValue":null}');
};

const [verb, argument] = action("start").split(":");
note({ started: true, env: process.env, cwd: process.cwd() });
if (verb === "exit") {
  console.error("cannot start");
  process.exit(Number(argument));
}
if (verb === "deaf") setInterval(() => {}, 1000);
else {
  console.log("a line on stdout");
  console.error("a warning on stderr");
  console.error("an error on stderr");
  createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      if (request.method === "GET") return response.end();
      const name = request.url.slice(1);
      note({
        function: name,
        headers: request.rawHeaders,
        body: JSON.parse(Buffer.concat(parts).toString("utf8")),
      });
      act(action(name), response);
    });
  }).listen(Number(process.env.FUNCTIONS_CUSTOMHANDLER_PORT), "127.0.0.1");
}
