// Uses a namespace as any JavaScript program would; ends with an error at the first surprise.
//
// The hub has four partitions. Partition 3 holds what the test sent before: the bodies in SENT.
// Partition 1 is left holding LEFT. The consumer group "audit" exists.

import assert from "node:assert/strict";
import { earliestEventPosition, latestEventPosition } from "@azure/event-hubs";
import { bytes, consumer, counts, hub, producer, receive, run } from "./common.js";

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const SENT = [
  Buffer.alloc(0),
  Buffer.from('{"order_id": 1}'),
  Buffer.concat([everyByte, everyByte]),
  Buffer.alloc(200_000, "x"),
];
const LEFT = [Buffer.alloc(0), Buffer.from("first"), everyByte, Buffer.alloc(100_000, "y")];

async function properties() {
  const client = consumer();
  assert.equal((await client.getEventHubProperties()).name, hub);
  assert.deepEqual(await client.getPartitionIds(), ["0", "1", "2", "3"]);
  const partition = await client.getPartitionProperties("3");
  assert.equal(partition.lastEnqueuedSequenceNumber, SENT.length - 1);
  assert.equal(partition.isEmpty, false);
  await client.close();
}

async function whatWasSentBefore() {
  for (const group of ["$Default", "audit"]) {
    const events = await receive("3", SENT.length, earliestEventPosition, { group });
    assert.deepEqual(events.map(bytes), SENT);
    assert.deepEqual(events.map((event) => event.sequenceNumber), [0, 1, 2, 3]);
    assert.ok(events.every((event) => event.enqueuedTimeUtc instanceof Date));
  }
}

async function sendAndReceive() {
  const client = producer();
  const batch = await client.createBatch({ partitionId: "1" });
  for (const body of LEFT) assert.ok(batch.tryAdd({ body }));
  await client.sendBatch(batch);
  const left = await receive("1", LEFT.length, earliestEventPosition);
  assert.deepEqual(left.map(bytes), LEFT);

  const event = {
    body: Buffer.from("single"),
    contentType: "application/json",
    messageId: "id-1",
    correlationId: "c-1",
    properties: { count: 7, name: "x", flag: true },
  };
  await client.sendBatch([event], { partitionId: "2" });
  const full = await client.createBatch({ partitionId: "2" });
  let count = 0;
  while (full.tryAdd({ body: Buffer.alloc(10_000, "z") })) count += 1;
  assert.ok(count > 100, `${count}`);
  await client.sendBatch(full);
  const [single, ...rest] = await receive("2", 1 + count, earliestEventPosition);
  assert.deepEqual(bytes(single), event.body);
  assert.equal(single.contentType, "application/json");
  assert.equal(single.messageId, "id-1");
  assert.equal(single.correlationId, "c-1");
  assert.deepEqual(single.properties, event.properties);
  assert.equal(rest.length, count);

  const before = await counts();
  const keyed = [{ body: Buffer.from("keyed") }, { body: Buffer.from("keyed") }];
  await client.sendBatch(keyed, { partitionKey: "customer-1" });
  const grown = (await counts()).map((now, id) => now - before[id]);
  assert.deepEqual([...grown].sort(), [0, 0, 0, 2]);
  const partition = String(grown.indexOf(2));
  const position = { sequenceNumber: before[grown.indexOf(2)] - 1 };
  const events = await receive(
    partition,
    2,
    position.sequenceNumber < 0 ? earliestEventPosition : position,
  );
  assert.ok(events.every((event) => event.partitionKey === "customer-1"));
  await client.close();
}

async function startingPositions() {
  const events = await receive("3", SENT.length, earliestEventPosition);
  const cases = [
    [{ offset: events[1].offset }, 2],
    [{ offset: events[1].offset, isInclusive: true }, 1],
    [{ sequenceNumber: 0 }, 1],
    [{ sequenceNumber: 0, isInclusive: true }, 0],
    [{ enqueuedOn: events[0].enqueuedTimeUtc.getTime() - 1 }, 0],
  ];
  for (const [position, first] of cases) {
    const found = await receive("3", SENT.length - first, position);
    assert.equal(found[0].sequenceNumber, first, JSON.stringify(position));
    assert.equal(found.length, SENT.length - first);
  }
}

// Sends until a receiver that started at the end gets something: none of it is old.
async function latest() {
  const client = producer();
  await client.sendBatch([{ body: Buffer.from("old") }], { partitionId: "0" });
  let done = false;
  const receiving = receive("0", 1, latestEventPosition).finally(() => (done = true));
  while (!done) {
    await client.sendBatch([{ body: Buffer.from("new") }], { partitionId: "0" });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok((await receiving).every((event) => bytes(event).equals(Buffer.from("new"))));
  await client.close();
}

// A second receiver with the same level disconnects the first.
async function ownerLevels() {
  const client = consumer();
  let started;
  const first = new Promise((resolve) => (started = resolve));
  let subscription;
  const lost = new Promise((resolve) => {
    subscription = client.subscribe(
      "3",
      { processEvents: async (batch) => batch.length && started(), processError: async (error) => resolve(error) },
      { startPosition: earliestEventPosition, ownerLevel: 1, maxWaitTimeInSeconds: 1 },
    );
  });
  await first;
  await receive("3", SENT.length, earliestEventPosition, { ownerLevel: 1 });
  assert.match(String((await lost).message), /epoch/);
  await subscription.close();
  await client.close();
}

async function whatIsNotThere() {
  const client = producer("nothing");
  await assert.rejects(client.sendBatch([{ body: "x" }]), /could not be found/);
  await client.close();
  await assert.rejects(receive("0", 1, earliestEventPosition, { group: "nobody" }), /could not be found/);
}

await run(
  properties,
  whatWasSentBefore,
  sendAndReceive,
  startingPositions,
  latest,
  ownerLevels,
  whatIsNotThere,
);
