"""The same as limits.py and processors.py, as far as the asynchronous SDK has code of its own for it.

A receiver that is refused while it opens is not among it: this SDK then tries again for ever and tells nobody.
"""

import asyncio
import sys
import time

from azure.eventhub import EventData
from azure.eventhub.aio import EventHubConsumerClient, EventHubProducerClient
from azure.eventhub.exceptions import EventHubError
from azure.eventhub.extensions.checkpointstoreblobaio import BlobCheckpointStore
from common import CONNECTION, HUB, WAIT, run, text

STORAGE = sys.argv[3]
CONTAINER = GROUP = "aio"
PARTITIONS, EVENTS = 4, 25
MIB = 1024 * 1024
SOON = 15


def producer(**options):
    return EventHubProducerClient.from_connection_string(
        CONNECTION, eventhub_name=HUB, retry_total=0, **options
    )


def consumer(group="$Default", **options):
    return EventHubConsumerClient.from_connection_string(
        CONNECTION, consumer_group=group, eventhub_name=HUB, retry_total=0, **options
    )


async def receive(client, count):
    """Returns `count` events, and what was last enqueued with each."""
    found, last = [], []
    done = asyncio.Event()

    async def on_batch(context, batch):
        found.extend(batch)
        last.append(context.last_enqueued_event_properties)
        if len(found) >= count:
            done.set()

    receiving = asyncio.ensure_future(
        client.receive_batch(
            on_event_batch=on_batch,
            partition_id="0",
            starting_position="-1",
            max_wait_time=1,
            track_last_enqueued_event_properties=True,
        )
    )
    try:
        await asyncio.wait_for(done.wait(), SOON)
    finally:
        receiving.cancel()
        await client.close()
    return found, last


async def exchange():
    async with producer() as client:
        event = EventData("first")
        event.properties = {"list": [1, 2]}
        await client.send_event(event, partition_id="0")
        try:
            await client.send_event(EventData(b"x" * MIB), partition_id="0")
        except EventHubError as error:
            assert "exceed" in str(error), error
        else:
            raise AssertionError("more than a mebibyte was taken")
        await client.send_event(EventData("last"), partition_id="0")
    events, last = await receive(consumer(), 2)
    assert [b"".join(event.body) for event in events] == [b"first", b"last"], events
    assert last[0]["sequence_number"] == 1, last
    assert text(last[0]["offset"]) == text(events[1].offset), last


class Processor:
    """Reads in a task of its own and checkpoints every batch."""

    def __init__(self, received):
        self.partitions, self.errors = set(), []
        self.store = BlobCheckpointStore.from_connection_string(STORAGE, CONTAINER)
        self.client = consumer(
            GROUP,
            checkpoint_store=self.store,
            load_balancing_interval=1,
            partition_ownership_expiration_interval=6,
        )
        self.task = asyncio.ensure_future(self.read(received))

    async def read(self, received):
        async def on_batch(context, batch):
            if batch:
                received.extend((context.partition_id, event.sequence_number) for event in batch)
                await context.update_checkpoint(batch[-1])

        async def on_error(context, error):
            self.errors.append(error)

        async def on_begin(context):
            self.partitions.add(context.partition_id)

        async def on_end(context, reason):
            self.partitions.discard(context.partition_id)

        await self.client.receive_batch(
            on_event_batch=on_batch,
            on_error=on_error,
            on_partition_initialize=on_begin,
            on_partition_close=on_end,
            max_wait_time=1,
            starting_position="-1",
        )

    async def close(self):
        await self.client.close()
        await self.task
        await self.store.close()


async def send(texts):
    async with producer() as client:
        for id in range(1, PARTITIONS):
            await client.send_batch([EventData(text) for text in texts], partition_id=str(id))


async def until(condition, what):
    deadline = time.monotonic() + 2 * WAIT
    while not condition():
        assert time.monotonic() < deadline, what()
        await asyncio.sleep(0.2)


async def two_processors():
    store = BlobCheckpointStore.from_connection_string(STORAGE, CONTAINER)
    await store._container_client.create_container()
    await store._container_client.close()
    await send([f"event {number}" for number in range(EVENTS)])
    received = []
    first = Processor(received)
    await until(lambda: len(first.partitions) == PARTITIONS, lambda: first.errors)
    second = Processor(received)
    await until(
        lambda: len(first.partitions) == len(second.partitions) == PARTITIONS // 2,
        lambda: (first.partitions, second.partitions, first.errors, second.errors),
    )
    await first.close()
    await until(lambda: len(second.partitions) == PARTITIONS, lambda: second.errors)
    await send(["later"])
    # Partition 0 has the two events that were exchanged.
    total = 2 + (PARTITIONS - 1) * (EVENTS + 1)
    await until(lambda: len(set(received)) == total, lambda: received)
    await second.close()
    again = []
    third = Processor(again)
    await until(lambda: len(third.partitions) == PARTITIONS, lambda: third.errors)
    await send(["new"])
    await until(lambda: len(again) >= PARTITIONS - 1, lambda: again)
    await third.close()
    assert sorted(again) == [(str(id), EVENTS + 1) for id in range(1, PARTITIONS)], again


def step(coroutine):
    def run_it():
        asyncio.run(coroutine())

    run_it.__name__ = coroutine.__name__
    return run_it


run(step(exchange), step(two_processors))
