"""What the programs of this folder share: clients, and receiving a number of events."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from azure.eventhub import EventHubConsumerClient, EventHubProducerClient

CONNECTION, HUB = sys.argv[1:3]
WAIT = 30


def producer(hub=HUB, **options):
    options.setdefault("retry_total", 0)
    return EventHubProducerClient.from_connection_string(CONNECTION, eventhub_name=hub, **options)


def consumer(hub=HUB, group="$Default", **options):
    options.setdefault("retry_total", 0)
    return EventHubConsumerClient.from_connection_string(
        CONNECTION, consumer_group=group, eventhub_name=hub, **options
    )


def body(event):
    return b"".join(event.body)


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def receive(partition, count, position="-1", inclusive=False, group="$Default", hub=HUB, **options):
    """Returns the first `count` events and fails if they do not come."""
    events, deadline = [], time.monotonic() + WAIT
    client = consumer(hub=hub, group=group)

    def on_batch(context, batch):
        events.extend(batch)
        if len(events) >= count or time.monotonic() > deadline:
            client.close()

    client.receive_batch(
        on_event_batch=on_batch,
        partition_id=partition,
        starting_position=position,
        starting_position_inclusive=inclusive,
        max_wait_time=0.2,
        **options,
    )
    assert len(events) >= count, (partition, position, len(events), count)
    return events[:count]


def counts():
    """Returns how many events each partition has."""
    with consumer() as client:
        ids = client.get_partition_ids()
        with ThreadPoolExecutor() as pool:
            states = list(pool.map(client.get_partition_properties, ids))
    return {state["id"]: state["last_enqueued_sequence_number"] + 1 for state in states}


def run(*steps):
    for step in steps:
        begin = time.monotonic()
        step()
        print(f"{step.__name__}: {time.monotonic() - begin:.1f} s", flush=True)
