"""Sends events in every form that the SDK has, and does what the service refuses.

Partitions 0 and 1 are left with "last" as their last event, so that it shows whether a reader comes that far.
"""

import datetime
import threading
import time
import uuid

from azure.eventhub import EventData
from azure.eventhub.amqp import AmqpAnnotatedMessage
from azure.eventhub.exceptions import EventHubError
from common import body, consumer, counts, producer, receive, run, text

MIB = 1024 * 1024
# A refusal comes at once. The SDK's own time-outs are a minute.
SOON = 15
FORMS, SIZES = "0", "1"
KEYS = ("customer-1", "thirteen-byte", "0", "1")


def nested():
    event = EventData("nested")
    event.properties = {"list": [1, "two", None], "dict": {"a": 1}}
    return event


def simple():
    event = EventData("simple")
    event.properties = {
        "before 1970": datetime.datetime(1960, 1, 2, tzinfo=datetime.timezone.utc),
        "id": uuid.UUID(int=7),
        "double": 1.5,
        "bytes": b"\x00\xff",
        "none": None,
        "negative": -1,
        "flag": False,
    }
    return event


def every_form():
    events = [
        nested(),
        simple(),
        AmqpAnnotatedMessage(data_body=b"footer", footer={"crc": 7}),
        AmqpAnnotatedMessage(data_body=[b"a", b"", b"b"]),
        AmqpAnnotatedMessage(value_body={"a": [1, 2]}),
        AmqpAnnotatedMessage(value_body=None),
        AmqpAnnotatedMessage(sequence_body=[[1, 2], ["three"]]),
        AmqpAnnotatedMessage(
            data_body=b"annotated",
            annotations={"mine": [1, 2], "x-opt-mine": {"k": 1}},
            delivery_annotations={"once": 1},
            header={"priority": 9},
        ),
    ]
    with producer() as client:
        client.send_event(nested(), partition_id=FORMS)
        for event in events:
            client.send_batch([event], partition_id=FORMS)
        client.send_event(EventData("last"), partition_id=FORMS)
    received = receive(FORMS, 10)
    assert body(received[-1]) == b"last"
    for event in received[:2]:
        found = {text(key): value for key, value in event.properties.items()}
        assert found["list"] == [1, b"two", None], found
        assert found["dict"] == {b"a": 1}, found
    assert len(received[2].properties) == len(simple().properties), received[2].properties
    assert received[3].raw_amqp_message.footer, received[3]


def event_too_large():
    """It is rejected with the reason, and the link goes on."""
    with producer() as client:
        for send in (
            lambda event: client.send_event(event, partition_id=SIZES),
            lambda event: client.send_batch([event], partition_id=SIZES),
        ):
            begin = time.monotonic()
            try:
                send(EventData(b"x" * MIB))
            except (EventHubError, ValueError) as error:
                assert "exceed" in str(error), error
            else:
                raise AssertionError("more than a mebibyte was taken")
            assert time.monotonic() - begin < SOON
        client.send_event(EventData(b"x" * (MIB - 1_000)), partition_id=SIZES)
        client.send_event(EventData("last"), partition_id=SIZES)
    received = receive(SIZES, 2)
    assert [len(body(event)) for event in received] == [MIB - 1_000, 4], received


def refusal(group="$Default", partition=FORMS, **options):
    """Returns the error that a receiver gets."""
    errors = []
    client = consumer(group=group)

    def on_error(context, error):
        errors.append(error)
        client.close()

    begin = time.monotonic()

    def on_batch(context, batch):
        if time.monotonic() - begin > SOON:
            client.close()

    client.receive_batch(
        on_event_batch=on_batch, on_error=on_error, partition_id=partition, max_wait_time=0.2, **options
    )
    assert errors, (group, partition, options)
    assert time.monotonic() - begin < SOON
    return errors[0]


def refused_receivers():
    for options, words in (
        ({"group": "nobody"}, "could not be found"),
        ({"starting_position": 10_000}, "is invalid"),
        ({"starting_position": "999999999"}, "is invalid"),
    ):
        error = refusal(**options)
        assert words in str(error), (options, error)


def keys():
    """A plain and a buffered producer send a key to one partition.

    The buffered one of this SDK has partitions of its own for keys whose hash is negative; these have none.
    """
    chosen = {}

    def on_success(events, partition):
        for event in events:
            chosen[text(event.partition_key)] = partition

    def on_error(events, partition, error):
        raise error

    with producer(buffered_mode=True, on_success=on_success, on_error=on_error) as client:
        for key in KEYS:
            client.send_event(EventData("keyed"), partition_key=key)
        client.flush()
    assert set(chosen) == set(KEYS), chosen
    with producer() as client:
        for key in KEYS:
            before = counts()
            client.send_batch([EventData("keyed")], partition_key=key)
            grown = [id for id, count in counts().items() if count > before[id]]
            assert grown == [chosen[key]], (key, grown, chosen)


def last_enqueued_event():
    client = consumer()
    found = []

    def on_event(context, event):
        if event:
            found.append(context.last_enqueued_event_properties)
            client.close()

    client.receive(
        on_event=on_event,
        partition_id=FORMS,
        starting_position="-1",
        max_wait_time=5,
        track_last_enqueued_event_properties=True,
    )
    with consumer() as client:
        state = client.get_partition_properties(FORMS)
    assert found[0]["sequence_number"] == state["last_enqueued_sequence_number"], found
    assert text(found[0]["offset"]) == state["last_enqueued_offset"], found
    assert found[0]["enqueued_time"] == state["last_enqueued_time_utc"], found
    assert found[0]["retrieval_time"], found


def management_errors():
    with consumer(hub="nothing") as client:
        try:
            client.get_eventhub_properties()
        except EventHubError as error:
            assert "could not be found" in str(error) and "NotFound" in str(error), error
        else:
            raise AssertionError("an unknown hub has properties")


def six_receivers():
    """The sixth without an owner level is refused."""
    stop, inside = threading.Event(), []

    def run_one(client):
        def on_batch(context, batch):
            if client not in inside:
                inside.append(client)
            if stop.is_set():
                client.close()

        client.receive_batch(on_event_batch=on_batch, partition_id="3", max_wait_time=0.2)

    threads = [threading.Thread(target=run_one, args=(consumer(),)) for _ in range(5)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + SOON
    while len(inside) < 5 and time.monotonic() < deadline:
        time.sleep(0.1)
    error = refusal(partition="3")
    stop.set()
    for thread in threads:
        thread.join()
    assert "which is 5" in str(error), error


def the_end():
    with producer() as client:
        for partition in (FORMS, SIZES):
            client.send_event(EventData("last"), partition_id=partition)


run(
    every_form,
    event_too_large,
    refused_receivers,
    keys,
    last_enqueued_event,
    management_errors,
    six_receivers,
    the_end,
)
