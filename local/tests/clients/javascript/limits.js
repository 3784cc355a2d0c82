// Sends events in every form that the SDK has, and does what the service refuses; ends with an error at the first
// surprise. Partitions 0 and 1 are left with "last" as their last event, so that it shows whether a reader comes that far.

import assert from "node:assert/strict";
import rhea from "rhea";
import { EventHubBufferedProducerClient, earliestEventPosition } from "@azure/event-hubs";
import { bytes, connection, consumer, counts, hub, producer, receive, run } from "./common.js";

const MIB = 1024 * 1024;
// A refusal comes at once. The SDK's own time-outs are a minute.
const SOON_MS = 15_000;
const [FORMS, SIZES] = ["0", "1"];

async function everyForm() {
  const client = producer();
  const nested = { list: [1, "two", null], map: { a: 1 }, none: null, then: new Date(-1_000), large: 2 ** 40 };
  const events = [
    { body: null },
    {},
    { body: "nested", properties: nested },
    { bodyType: "data", body: Buffer.from("footer"), footer: { crc: 7 } },
    { bodyType: "value", body: { a: [1, 2] }, footer: { crc: 7 } },
    { bodyType: "value", body: null },
    { bodyType: "sequence", body: [[1, 2], ["three"]] },
    {
      bodyType: "data",
      body: Buffer.from("annotated"),
      messageAnnotations: { mine: [1, 2], "x-opt-mine": { k: 1 } },
      deliveryAnnotations: { once: 1 },
      header: { priority: 9 },
      properties: { messageId: 7, correlationId: Buffer.alloc(16), userId: "me", creationTime: new Date() },
    },
    { body: "last" },
  ];
  for (const event of events) await client.sendBatch([event], { partitionId: FORMS });
  const received = await receive(FORMS, events.length, earliestEventPosition);
  assert.equal(String(received.at(-1).body), '"last"');
  assert.deepEqual(received[2].properties.list, nested.list);
  assert.deepEqual(received[2].properties.map, nested.map);
  assert.equal(bytes(received[0]).length, 0);
  assert.equal(received[3].getRawAmqpMessage().footer.crc, 7);
  await client.close();
}

// It is rejected with the reason, and the link goes on.
async function eventTooLarge() {
  const client = producer();
  for (const length of [MIB, 3 * MIB]) {
    const begin = performance.now();
    const sending = client.sendBatch([{ body: Buffer.alloc(length) }], { partitionId: SIZES });
    await assert.rejects(sending, (error) => error.code === "MessageTooLargeError" && /exceeds the limit/.test(error.message));
    assert.ok(performance.now() - begin < SOON_MS);
  }
  await client.sendBatch([{ body: Buffer.alloc(MIB - 1_000) }], { partitionId: SIZES });
  await client.sendBatch([{ body: "last" }], { partitionId: SIZES });
  const received = await receive(SIZES, 2, earliestEventPosition);
  assert.deepEqual(received.map((event) => bytes(event).length), [MIB - 1_000, 6]);
  await client.close();
}

async function refusedReceivers() {
  for (const [partition, position, group, words] of [
    ["0", earliestEventPosition, "nobody", /could not be found/],
    ["0", { sequenceNumber: 10_000 }, undefined, /is invalid/],
    ["0", { offset: "999999999" }, undefined, /is invalid/],
    ["77", earliestEventPosition, undefined, /between 0 and 3/],
  ]) {
    const begin = performance.now();
    await assert.rejects(receive(partition, 1, position, { group }), words);
    assert.ok(performance.now() - begin < SOON_MS);
  }
}

// A plain and a buffered producer send a key to one partition.
async function keys() {
  const chosen = {};
  const buffered = new EventHubBufferedProducerClient(connection, hub, {
    maxWaitTimeInMs: 100,
    onSendEventsErrorHandler: async ({ error }) => assert.fail(error),
    onSendEventsSuccessHandler: async ({ events, partitionId }) => {
      for (const event of events) chosen[event.body] = partitionId;
    },
  });
  const all = ["customer-1", "a", "7", "Grüße", "a longer key than one block of twelve bytes", "foobar"];
  for (const key of all) await buffered.enqueueEvent({ body: key }, { partitionKey: key });
  await buffered.close();
  const client = producer();
  for (const key of all) {
    const before = await counts();
    await client.sendBatch([{ body: key }], { partitionKey: key });
    const grown = (await counts()).findIndex((count, id) => count > before[id]);
    assert.equal(String(grown), chosen[key], key);
  }
  await client.close();
}

async function lastEnqueuedEvent() {
  const client = consumer();
  const found = await new Promise((resolve, reject) => {
    const subscription = client.subscribe(
      FORMS,
      {
        processEvents: async (batch, context) => {
          if (batch.length === 0) return;
          await subscription.close();
          resolve(context.lastEnqueuedEventProperties);
        },
        processError: async (error) => reject(error),
      },
      { startPosition: earliestEventPosition, trackLastEnqueuedEventProperties: true },
    );
  });
  const state = await client.getPartitionProperties(FORMS);
  assert.equal(found.sequenceNumber, state.lastEnqueuedSequenceNumber);
  assert.equal(found.offset, state.lastEnqueuedOffset);
  assert.equal(Number(found.enqueuedOn), Number(state.lastEnqueuedOnUtc));
  assert.ok(found.retrievedOn);
  await client.close();
}

async function managementErrors() {
  const client = consumer();
  const asking = client.getPartitionProperties("77");
  await assert.rejects(asking, { code: "ArgumentOutOfRangeError", message: /between 0 and 3/ });
  await client.close();
  const nobody = producer("nothing");
  await assert.rejects(nobody.getEventHubProperties(), { code: "MessagingEntityNotFoundError" });
  await nobody.close();
}

// The sixth without an owner level is refused.
async function sixReceivers() {
  const clients = Array.from({ length: 5 }, () => consumer());
  await Promise.all(
    clients.map(
      (client) =>
        new Promise((resolve, reject) => {
          const handlers = { processEvents: async () => resolve(), processError: async (error) => reject(error) };
          client.subscribe("3", handlers, { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 });
        }),
    ),
  );
  await assert.rejects(receive("3", 1, earliestEventPosition), { code: "QuotaExceededError", message: /which is 5/ });
  for (const client of clients) await client.close();
}

// Without a batch around it the server sees at once that it is no message.
async function noMessage() {
  const [host, port] = /sb:\/\/([^;:/]+):(\d+)/.exec(connection).slice(1);
  const peer = rhea.create_container().connect({ host, port: Number(port), reconnect: false, username: "any", password: "any" });
  const reason = await new Promise((resolve, reject) => {
    peer.on("rejected", ({ delivery }) => resolve(delivery.remote_state.error));
    peer.on("accepted", () => reject(new Error("what is no message was accepted")));
    peer.on("disconnected", ({ error }) => reject(error ?? new Error("disconnected")));
    peer.open_sender(`${hub}/Partitions/2`).once("sendable", ({ sender }) => sender.send(Buffer.from("hello"), "tag", 0));
  });
  assert.equal(reason.condition, "amqp:decode-error");
  assert.match(reason.description, /something else than a section/);
  peer.close();
}

async function theEnd() {
  const client = producer();
  for (const partitionId of [FORMS, SIZES]) await client.sendBatch([{ body: "last" }], { partitionId });
  await client.close();
}

await run(
  everyForm,
  eventTooLarge,
  refusedReceivers,
  keys,
  lastEnqueuedEvent,
  managementErrors,
  sixReceivers,
  noMessage,
  theEnd,
);
