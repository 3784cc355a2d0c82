// Loaded before Azurite: ends it, with its data saved, when the process that started it closes its end of the
// standard input, which it also does when it crashes or is killed.
"use strict";

// Who is gone reads no output either. Azurite says that it ends before it saves, and would die of the broken pipe.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

let isEnding = false;

// Called before Azurite's own listener, which saves and closes, and which listens only once. This one stays, so that a
// second signal does not end the process before all is saved.
process.on("SIGTERM", () => {
  const isStarting = process.listenerCount("SIGTERM") === 1;
  if (!isEnding && isStarting) {
    // Azurite does not listen yet, and has nothing to save.
    process.exit(1);
  }
  isEnding = true;
});

const end = () => process.emit("SIGTERM");
process.on("SIGHUP", end);
process.stdin.on("end", end);
process.stdin.on("error", end);
process.stdin.resume();
