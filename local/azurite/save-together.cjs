// Loaded before Azurite: saves its databases together, so that whenever the process dies, what is on disk is of one
// moment.
//
// Azurite has a database for blobs, one for where their bytes are, the same two for queues, and one for tables. By
// itself it saves each of them apart, every five seconds, so that tables may name blobs that nobody has saved. Here the
// texts of all databases that have changed are taken in one go, during which no request is served, and written out
// before the first file is replaced. Files are replaced in an order in which none is older than what names its content.
"use strict";

const fs = require("node:fs/promises");
const path = require("node:path");
const Loki = require("lokijs");

const INTERVAL_MS = 5000;
const ORDER = ["blob_extent", "blob", "queue_extent", "queue", "table"].map((name) => `__azurite_db_${name}__.json`);

const databases = [];
const saveAlone = Loki.prototype.saveDatabase;
let last = Promise.resolve();

const place = (database) => ORDER.indexOf(path.basename(database.filename));

async function write(file, text) {
  const handle = await fs.open(file, "w");
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function saveChanged() {
  const changed = databases.filter((database) => database.autosaveDirty());
  const texts = changed.map((database) => database.serialize());
  changed.forEach((database) => database.autosaveClearFlags());
  try {
    for (const [index, database] of changed.entries()) {
      await write(`${database.filename}~`, texts[index]);
    }
    for (const database of changed) {
      await fs.rename(`${database.filename}~`, database.filename);
    }
  } catch (error) {
    // All of it is to be saved the next time.
    for (const collection of changed.flatMap((database) => database.collections)) {
      collection.dirty = true;
    }
    throw error;
  }
}

// One after another; what a save finds saved already costs nothing.
function save() {
  last = last.catch(() => {}).then(saveChanged);
  return last;
}

Loki.prototype.autosaveEnable = function () {
  if (place(this) < 0) {
    throw new Error(`${this.filename} is a database that save-together.cjs does not know`);
  }
  this.autosave = true;
  databases.push(this);
  databases.sort((one, other) => place(one) - place(other));
};

Loki.prototype.saveDatabase = function (done = () => {}) {
  if (!databases.includes(this)) {
    return saveAlone.call(this, done);
  }
  save().then(() => done(), done);
};

setInterval(() => save().catch((error) => console.error(`save: ${error.message}`)), INTERVAL_MS).unref();
