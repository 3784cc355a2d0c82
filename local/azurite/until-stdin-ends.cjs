// Loaded before Azurite: ends it, with its data saved, when the process that started it closes its end of the
// standard input, which it also does when it crashes or is killed.
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));
process.stdin.on("error", () => process.kill(process.pid, "SIGTERM"));
process.stdin.resume();
