"""Two event processors with checkpoints in blobs share a hub, and one takes over what the other leaves.

The programs of other languages do the same. Every partition gets EVENTS events at first.
"""

import sys
import threading
import time
from collections import Counter

from azure.eventhub import EventData
from azure.eventhub.extensions.checkpointstoreblob import BlobCheckpointStore
from common import WAIT, consumer, producer, run

STORAGE = sys.argv[3]
CONTAINER = GROUP = "python"
PARTITIONS, EVENTS = 4, 25


def store():
    return BlobCheckpointStore.from_connection_string(STORAGE, CONTAINER)


class Processor:
    """Reads in a thread of its own and checkpoints every batch."""

    def __init__(self, received):
        self.partitions = set()
        self.errors = []
        self.client = consumer(
            group=GROUP,
            checkpoint_store=store(),
            load_balancing_interval=1,
            partition_ownership_expiration_interval=6,
        )
        self.thread = threading.Thread(target=self.run, args=(received,))
        self.thread.start()

    def run(self, received):
        def on_batch(context, batch):
            if batch:
                received.extend((context.partition_id, event.sequence_number) for event in batch)
                context.update_checkpoint(batch[-1])

        self.client.receive_batch(
            on_event_batch=on_batch,
            max_wait_time=0.2,
            on_error=lambda context, error: self.errors.append(error),
            on_partition_initialize=lambda context: self.partitions.add(context.partition_id),
            on_partition_close=lambda context, reason: self.partitions.discard(context.partition_id),
            starting_position="-1",
        )

    def close(self):
        self.client.close()
        self.thread.join()


def send(texts):
    with producer() as client:
        for id in range(PARTITIONS):
            client.send_batch([EventData(text) for text in texts], partition_id=str(id))


def until(condition, what):
    deadline = time.monotonic() + 2 * WAIT
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.2)


def two_processors():
    store()._container_client.create_container()
    send([f"event {number}" for number in range(EVENTS)])
    received = []
    first = Processor(received)
    until(lambda: len(first.partitions) == PARTITIONS, lambda: (first.partitions, first.errors))
    second = Processor(received)
    # The service lets one receiver with an owner level read a partition, so each has its own.
    until(
        lambda: len(first.partitions) == len(second.partitions) == PARTITIONS // 2,
        lambda: (first.partitions, second.partitions, first.errors, second.errors),
    )
    first.close()
    until(lambda: len(second.partitions) == PARTITIONS, lambda: (second.partitions, second.errors))
    send(["later"])
    total = PARTITIONS * (EVENTS + 1)
    until(lambda: len(set(received)) == total, lambda: Counter(received))
    second.close()
    # Each is there; those in flight when a partition changed hands may be there twice.
    assert set(received) == {
        (str(id), number) for id in range(PARTITIONS) for number in range(EVENTS + 1)
    }


def after_the_checkpoints():
    """A processor that starts anew goes on after what was checkpointed."""
    received = []
    again = Processor(received)
    until(lambda: len(again.partitions) == PARTITIONS, lambda: (again.partitions, again.errors))
    send(["new"])
    until(lambda: len(received) >= PARTITIONS, lambda: received)
    again.close()
    assert sorted(received) == [(str(id), EVENTS + 1) for id in range(PARTITIONS)], received


run(two_processors, after_the_checkpoints)
