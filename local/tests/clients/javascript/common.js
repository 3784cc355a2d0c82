// What the programs of this folder share: clients, and receiving a number of events.

import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";

export const [connection, hub, storage] = process.argv.slice(2);
const WAIT_MS = 10_000;

const retryOptions = { maxRetries: 0 };
export const producer = (name = hub) =>
  new EventHubProducerClient(connection, name, { retryOptions });
export const consumer = (group = "$Default") =>
  new EventHubConsumerClient(group, connection, hub, { retryOptions });

// A body that is JSON comes back parsed unless the SDK is told not to.
export const bytes = (event) => {
  const body = event.body;
  if (body === undefined || body === null) return Buffer.alloc(0);
  return Buffer.isBuffer(body) ? body : Buffer.from(String(body));
};

// Returns the first `count` events, or fails.
export function receive(partition, count, startPosition, { group, ownerLevel } = {}) {
  const client = consumer(group);
  const events = [];
  return new Promise((resolve, reject) => {
    let subscription;
    const end = async (finish) => {
      clearTimeout(timer);
      await subscription.close();
      await client.close();
      finish();
    };
    const timer = setTimeout(
      () => end(() => reject(new Error(`${events.length} of ${count} from ${partition}`))),
      WAIT_MS,
    );
    subscription = client.subscribe(
      partition,
      {
        processEvents: async (batch) => {
          events.push(...batch);
          if (events.length >= count) await end(() => resolve(events.slice(0, count)));
        },
        processError: async (error) => end(() => reject(error)),
      },
      { startPosition, ownerLevel, skipParsingBodyAsJson: true, maxWaitTimeInSeconds: 1 },
    );
  });
}

export async function counts() {
  const client = consumer();
  const ids = await client.getPartitionIds();
  const all = await Promise.all(ids.map((id) => client.getPartitionProperties(id)));
  await client.close();
  return all.map((partition) => (partition.isEmpty ? 0 : partition.lastEnqueuedSequenceNumber + 1));
}

// Runs a program's steps.
export async function run(...steps) {
  for (const step of steps) {
    const begin = performance.now();
    const watchdog = setTimeout(() => {
      console.error(`${step.name} takes too long`);
      process.exit(1);
    }, 12 * WAIT_MS);
    await step();
    clearTimeout(watchdog);
    console.log(`${step.name}: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  }
  // The SDK leaves a time-out behind after a failed send, which would keep the process for a minute.
  process.exit(0);
}
