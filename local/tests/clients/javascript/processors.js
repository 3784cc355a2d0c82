// Two event processors with checkpoints in blobs share a hub, and one takes over what the other leaves: as
// ../python/processors.py has it.

import assert from "node:assert/strict";
import { EventHubConsumerClient, earliestEventPosition } from "@azure/event-hubs";
import { BlobCheckpointStore } from "@azure/eventhubs-checkpointstore-blob";
import { ContainerClient } from "@azure/storage-blob";
import { connection, hub, producer, run, storage } from "./common.js";

const GROUP = "javascript";
const PARTITIONS = 4;
const EVENTS = 25;
const container = new ContainerClient(storage, GROUP);

// Reads and checkpoints every batch.
function processor(received) {
  const client = new EventHubConsumerClient(GROUP, connection, hub, new BlobCheckpointStore(container), {
    loadBalancingOptions: {
      strategy: "greedy",
      updateIntervalInMs: 1_000,
      partitionOwnershipExpirationIntervalInMs: 6_000,
    },
  });
  const partitions = new Set();
  const errors = [];
  const subscription = client.subscribe(
    {
      processInitialize: async ({ partitionId }) => void partitions.add(partitionId),
      processClose: async (_, { partitionId }) => void partitions.delete(partitionId),
      processEvents: async (batch, context) => {
        if (batch.length === 0) return;
        for (const event of batch) received.push(`${context.partitionId}/${event.sequenceNumber}`);
        await context.updateCheckpoint(batch.at(-1));
      },
      processError: async (error) => void errors.push(error),
    },
    { startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 },
  );
  const close = async () => {
    await subscription.close();
    await client.close();
  };
  return { partitions, errors, close };
}

async function send(texts) {
  const client = producer();
  for (let id = 0; id < PARTITIONS; id += 1) {
    await client.sendBatch(texts.map((body) => ({ body })), { partitionId: String(id) });
  }
  await client.close();
}

async function until(condition, what) {
  const deadline = performance.now() + 60_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, String(what()));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const everything = (first, last) =>
  Array.from({ length: PARTITIONS }, (_, id) =>
    Array.from({ length: last - first + 1 }, (_, number) => `${id}/${first + number}`),
  ).flat();

async function twoProcessors() {
  await container.create();
  await send(Array.from({ length: EVENTS }, (_, number) => `event ${number}`));
  const received = [];
  const first = processor(received);
  await until(() => first.partitions.size === PARTITIONS, () => first.errors);
  const second = processor(received);
  await until(
    () => first.partitions.size === PARTITIONS / 2 && second.partitions.size === PARTITIONS / 2,
    () => [...first.partitions, "and", ...second.partitions, ...first.errors, ...second.errors],
  );
  await first.close();
  await until(() => second.partitions.size === PARTITIONS, () => second.errors);
  await send(["later"]);
  const expected = everything(0, EVENTS);
  await until(() => new Set(received).size === expected.length, () => received);
  await second.close();
  assert.deepEqual([...new Set(received)].sort(), expected.sort());
}

// A processor that starts anew goes on after what was checkpointed.
async function afterTheCheckpoints() {
  const received = [];
  const again = processor(received);
  await until(() => again.partitions.size === PARTITIONS, () => again.errors);
  await send(["new"]);
  await until(() => received.length >= PARTITIONS, () => received);
  await again.close();
  assert.deepEqual(received.sort(), everything(EVENTS + 1, EVENTS + 1));
}

await run(twoProcessors, afterTheCheckpoints);
