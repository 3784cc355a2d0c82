"""Uses a namespace as any Python program would; exits with an error at the first surprise.

The hub has four partitions. Partition 3 holds what the test sent before: the bodies in SENT.
Partition 1 is left holding LEFT. The consumer group "audit" exists.
"""

import datetime
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from azure.eventhub import EventData
from azure.eventhub.exceptions import ConnectError, EventHubError
from common import HUB, WAIT, body, consumer, counts, producer, receive, run, text

SENT = [b"", b'{"order_id": 1}', bytes(range(256)) * 2, b"x" * 200_000]
LEFT = [b"", b"first", bytes(range(256)), b"y" * 100_000]


def properties():
    with consumer() as client:
        assert client.get_eventhub_properties()["eventhub_name"] == HUB
        assert client.get_partition_ids() == ["0", "1", "2", "3"]
        partition = client.get_partition_properties("3")
        assert partition["last_enqueued_sequence_number"] == len(SENT) - 1, partition
        assert not partition["is_empty"]
        assert client.get_partition_properties("0")["is_empty"]


def what_was_sent_before():
    events = receive("3", len(SENT))
    assert [body(event) for event in events] == SENT
    assert [event.sequence_number for event in events] == list(range(len(SENT)))
    assert len({event.offset for event in events}) == len(SENT)
    assert [body(event) for event in receive("3", len(SENT), group="audit")] == SENT


def send_and_receive():
    with producer() as client:
        batch = client.create_batch(partition_id="1")
        for data in LEFT:
            batch.add(EventData(data))
        client.send_batch(batch)
        assert [body(event) for event in receive("1", len(LEFT))] == LEFT

        event = EventData("single")
        event.properties = {"count": 7, "name": "x", "flag": True}
        event.content_type = "application/json"
        event.message_id = "id-1"
        event.correlation_id = "c-1"
        event.raw_amqp_message.properties.content_encoding = "identity"
        event.raw_amqp_message.annotations = {"gateway": "g-1"}
        client.send_event(event, partition_id="2")

        full = client.create_batch(partition_id="2")
        count = 0
        try:
            while True:
                full.add(EventData(b"z" * 10_000))
                count += 1
        except ValueError:
            pass
        assert count > 100, count
        client.send_batch(full)

    single, *rest = receive("2", 1 + count)
    assert body(single) == b"single"
    assert single.content_type == "application/json" and single.message_id == "id-1"
    assert single.correlation_id == "c-1"
    assert {text(k): text(v) for k, v in single.properties.items()} == {
        "count": 7,
        "name": "x",
        "flag": True,
    }, single.properties
    assert len(rest) == count


def partition_key():
    """Events with one key go to one partition."""
    before = counts()
    with producer() as client:
        client.send_batch([EventData("keyed"), EventData("keyed")], partition_key="customer-1")
    grown = {id: count - before[id] for id, count in counts().items()}
    assert sorted(grown.values()) == [0, 0, 0, 2], grown
    id = max(grown, key=grown.get)
    events = receive(id, 2, before[id] - 1 if before[id] else "-1")
    assert [event.partition_key for event in events] == [b"customer-1"] * 2, events


def starting_positions():
    events = receive("3", len(SENT))
    cases = [
        (events[1].offset, False, 2),
        (events[1].offset, True, 1),
        (events[0].sequence_number, False, 1),
        (events[0].sequence_number, True, 0),
        (events[0].enqueued_time - datetime.timedelta(milliseconds=1), False, 0),
    ]

    def check(case):
        position, inclusive, first = case
        found = receive("3", len(SENT) - first, position, inclusive)
        assert [event.sequence_number for event in found] == list(range(first, len(SENT))), case

    with ThreadPoolExecutor() as pool:
        list(pool.map(check, cases))


def latest():
    """Sends until a receiver that started at the end gets something: none of it is old."""
    got = threading.Event()
    found = []
    client = consumer()

    def on_batch(context, batch):
        found.extend(batch)
        if batch:
            got.set()

    thread = threading.Thread(
        target=client.receive_batch,
        kwargs={
            "on_event_batch": on_batch,
            "partition_id": "0",
            "starting_position": "@latest",
            "max_wait_time": 0.2,
        },
    )
    thread.start()
    with producer() as sender:
        sender.send_batch([EventData("old")], partition_id="3")
        deadline = time.monotonic() + WAIT
        while not got.is_set() and time.monotonic() < deadline:
            sender.send_batch([EventData("new")], partition_id="0")
            got.wait(0.2)
    client.close()
    thread.join()
    assert found and all(body(event) in (b"new", b"keyed") for event in found), found


def owner_levels():
    """A second receiver with the same level disconnects the first."""
    errors = []
    lost, started = threading.Event(), threading.Event()
    first, second = consumer(), consumer()

    def on_error(context, error):
        errors.append(error)
        lost.set()

    def run(client, on_batch, on_error=None):
        client.receive_batch(
            on_event_batch=on_batch,
            on_error=on_error,
            partition_id="3",
            owner_level=1,
            starting_position="-1",
            max_wait_time=0.2,
        )

    threads = [
        threading.Thread(target=run, args=(first, lambda c, batch: batch and started.set(), on_error))
    ]
    threads[0].start()
    assert started.wait(WAIT)
    threads.append(threading.Thread(target=run, args=(second, lambda c, batch: None)))
    threads[1].start()
    assert lost.wait(WAIT)
    for client in (first, second):
        client.close()
    for thread in threads:
        thread.join()
    assert "stolen" in str(errors[0]).lower() or "epoch" in str(errors[0]), errors


def what_is_not_there():
    try:
        with producer(hub="nothing") as client:
            client.send_event(EventData("x"))
        raise AssertionError("unknown hub took an event")
    except (ConnectError, EventHubError) as error:
        assert "NotFound" in str(error), error
    errors = []
    client = consumer(group="nobody")

    def on_error(context, error):
        errors.append(error)
        client.close()

    client.receive_batch(
        on_event_batch=lambda context, batch: None,
        on_error=on_error,
        partition_id="0",
        max_wait_time=0.2,
    )
    assert errors and "could not be found" in str(errors[0]), errors


run(
    properties,
    what_was_sent_before,
    send_and_receive,
    partition_key,
    starting_positions,
    latest,
    owner_levels,
    what_is_not_there,
)
