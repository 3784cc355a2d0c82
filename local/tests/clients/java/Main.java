import com.azure.core.amqp.AmqpRetryOptions;
import com.azure.core.amqp.exception.AmqpErrorCondition;
import com.azure.core.amqp.exception.AmqpException;
import com.azure.messaging.eventhubs.EventData;
import com.azure.messaging.eventhubs.EventDataBatch;
import com.azure.messaging.eventhubs.EventHubBufferedProducerClient;
import com.azure.messaging.eventhubs.EventHubBufferedProducerClientBuilder;
import com.azure.messaging.eventhubs.EventHubClientBuilder;
import com.azure.messaging.eventhubs.EventHubConsumerAsyncClient;
import com.azure.messaging.eventhubs.EventHubProducerClient;
import com.azure.messaging.eventhubs.models.CreateBatchOptions;
import com.azure.messaging.eventhubs.models.EventPosition;
import com.azure.messaging.eventhubs.models.PartitionEvent;
import com.azure.messaging.eventhubs.models.ReceiveOptions;
import com.azure.messaging.eventhubs.models.SendOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import reactor.core.Disposable;

/**
 * Uses a namespace as any Java program would; exits with an error at the first surprise.
 *
 * <p>Partition 0 is left with "last" as its last event. The consumer group "java" is this program's.
 */
public final class Main {
    private static final int MIB = 1024 * 1024;

    /** A refusal comes at once. The SDK's own time-outs are a minute. */
    private static final Duration SOON = Duration.ofSeconds(15);

    static String connection;
    static String hub;
    static String storage;

    public static void main(String[] arguments) throws Exception {
        connection = arguments[0];
        hub = arguments[1];
        storage = arguments[2];
        step("every form", Main::everyForm);
        step("event too large", Main::eventTooLarge);
        step("refused receivers", Main::refusedReceivers);
        step("keys", Main::keys);
        step("last enqueued event", Main::lastEnqueuedEvent);
        step("six receivers", Main::sixReceivers);
        step("two processors", Processors::shareAndTakeOver);
        System.exit(0);
    }

    interface Step {
        void run() throws Exception;
    }

    private static void step(String name, Step step) throws Exception {
        long begin = System.nanoTime();
        step.run();
        System.out.printf("%s: %.1f s%n", name, (System.nanoTime() - begin) / 1e9);
    }

    static void check(boolean condition, Object otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }

    static EventHubClientBuilder client() {
        return new EventHubClientBuilder()
            .connectionString(connection, hub)
            .retryOptions(new AmqpRetryOptions().setMaxRetries(0).setTryTimeout(SOON));
    }

    static EventHubConsumerAsyncClient consumer(String group) {
        return client().consumerGroup(group).buildAsyncConsumerClient();
    }

    private static List<PartitionEvent> receive(
            String group, String partition, EventPosition position, int count) {
        EventHubConsumerAsyncClient consumer = consumer(group);
        try {
            ReceiveOptions options = new ReceiveOptions().setTrackLastEnqueuedEventProperties(true);
            return consumer.receiveFromPartition(partition, position, options)
                .take(count)
                .collectList()
                .block(SOON);
        } finally {
            consumer.close();
        }
    }

    private static void everyForm() {
        try (EventHubProducerClient producer = client().buildProducerClient()) {
            EventData event = new EventData("properties");
            event.getProperties().put("double", 1.5);
            event.getProperties().put("large", 1L << 40);
            event.getProperties().put("then", java.util.Date.from(java.time.Instant.ofEpochSecond(-1_000_000)));
            event.getProperties().put("id", new java.util.UUID(0, 7));
            event.getProperties().put("character", 'c');
            event.setContentType("text/plain").setCorrelationId("c").setMessageId("m");
            event.getRawAmqpMessage().getMessageAnnotations().put("x-opt-mine", "x");
            event.getRawAmqpMessage().getDeliveryAnnotations().put("once", 1);
            event.getRawAmqpMessage().getHeader().setPriority((short) 9);
            List<EventData> events = Arrays.asList(event, new EventData(""), new EventData("last"));
            producer.send(events, new SendOptions().setPartitionId("0"));
        }
        List<PartitionEvent> received = receive("$Default", "0", EventPosition.earliest(), 3);
        Map<String, Object> properties = received.get(0).getData().getProperties();
        check(properties.get("large").equals(1L << 40), properties);
        check(received.get(2).getData().getBodyAsString().equals("last"), received);
    }

    /** The SDK measures events itself, with what the namespace has told it. */
    private static void eventTooLarge() {
        try (EventHubProducerClient producer = client().buildProducerClient()) {
            EventDataBatch batch = producer.createBatch(new CreateBatchOptions().setPartitionId("1"));
            check(batch.getMaxSizeInBytes() == MIB, batch.getMaxSizeInBytes());
            EventData large = new EventData(new byte[MIB]);
            try {
                producer.send(Arrays.asList(large), new SendOptions().setPartitionId("1"));
                throw new AssertionError("more than a mebibyte was taken");
            } catch (AmqpException error) {
                check(error.getErrorCondition() == AmqpErrorCondition.LINK_PAYLOAD_SIZE_EXCEEDED, error);
            }
            check(batch.tryAdd(new EventData(new byte[900_000])), "900 kB do not fit");
            producer.send(batch);
        }
    }

    private static AmqpException refusal(String group, String partition, EventPosition position) {
        long begin = System.nanoTime();
        try {
            receive(group, partition, position, 1);
        } catch (AmqpException error) {
            check(System.nanoTime() - begin < SOON.toNanos(), "late: " + error);
            return error;
        }
        throw new AssertionError("served: " + group + " " + partition + " " + position);
    }

    private static void refusedReceivers() {
        AmqpException group = refusal("nobody", "0", EventPosition.earliest());
        check(group.getErrorCondition() == AmqpErrorCondition.NOT_FOUND, group);
        AmqpException partition = refusal("$Default", "77", EventPosition.earliest());
        check(partition.getErrorCondition() == AmqpErrorCondition.ARGUMENT_OUT_OF_RANGE_ERROR, partition);
        AmqpException position = refusal("$Default", "0", EventPosition.fromSequenceNumber(10_000));
        check(position.getErrorCondition() == AmqpErrorCondition.ARGUMENT_ERROR, position);
    }

    /** A plain and a buffered producer send a key to one partition; this SDK has others for keys that are not ASCII. */
    private static void keys() {
        Map<String, String> chosen = new ConcurrentHashMap<>();
        EventHubBufferedProducerClient buffered = new EventHubBufferedProducerClientBuilder()
            .connectionString(connection, hub)
            .maxWaitTime(Duration.ofMillis(100))
            .onSendBatchFailed(failed -> failed.getThrowable().printStackTrace())
            .onSendBatchSucceeded(sent -> sent.getEvents()
                .forEach(event -> chosen.put(event.getBodyAsString(), sent.getPartitionId())))
            .buildClient();
        List<String> keys = Arrays.asList("customer-1", "a", "7", "a longer key than one block of twelve bytes");
        for (String key : keys) {
            buffered.enqueueEvent(new EventData(key), new SendOptions().setPartitionKey(key));
        }
        buffered.flush();
        buffered.close();
        try (EventHubProducerClient producer = client().buildProducerClient()) {
            for (String key : keys) {
                long[] before = ends(producer);
                producer.send(Arrays.asList(new EventData(key)), new SendOptions().setPartitionKey(key));
                long[] after = ends(producer);
                int partition = Integer.parseInt(chosen.get(key));
                check(after[partition] == before[partition] + 1, key + ": " + chosen);
            }
        }
    }

    private static long[] ends(EventHubProducerClient producer) {
        return producer.getPartitionIds().stream()
            .mapToLong(id -> producer.getPartitionProperties(id).getLastEnqueuedSequenceNumber())
            .toArray();
    }

    private static void lastEnqueuedEvent() {
        PartitionEvent event = receive("$Default", "0", EventPosition.earliest(), 1).get(0);
        try (EventHubProducerClient producer = client().buildProducerClient()) {
            long last = producer.getPartitionProperties("0").getLastEnqueuedSequenceNumber();
            check(event.getLastEnqueuedEventProperties().getSequenceNumber() == last, last);
        }
        check(event.getLastEnqueuedEventProperties().getRetrievalTime() != null, event);
    }

    /** The sixth without an owner level is refused. */
    private static void sixReceivers() throws Exception {
        List<Disposable> readers = new ArrayList<>();
        List<EventHubConsumerAsyncClient> consumers = new ArrayList<>();
        java.util.concurrent.CountDownLatch inside = new java.util.concurrent.CountDownLatch(5);
        for (int i = 0; i < 5; i += 1) {
            EventHubConsumerAsyncClient consumer = consumer("$Default");
            consumers.add(consumer);
            java.util.concurrent.atomic.AtomicBoolean isFirst = new java.util.concurrent.atomic.AtomicBoolean(true);
            readers.add(consumer.receiveFromPartition("0", EventPosition.earliest()).subscribe(event -> {
                if (isFirst.getAndSet(false)) {
                    inside.countDown();
                }
            }));
        }
        check(inside.await(SOON.toSeconds(), java.util.concurrent.TimeUnit.SECONDS), inside);
        AmqpException refused = refusal("$Default", "0", EventPosition.earliest());
        check(refused.getErrorCondition() == AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, refused);
        readers.forEach(Disposable::dispose);
        consumers.forEach(EventHubConsumerAsyncClient::close);
    }
}
