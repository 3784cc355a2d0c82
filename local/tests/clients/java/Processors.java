import com.azure.messaging.eventhubs.EventData;
import com.azure.messaging.eventhubs.EventHubProducerClient;
import com.azure.messaging.eventhubs.EventProcessorClient;
import com.azure.messaging.eventhubs.EventProcessorClientBuilder;
import com.azure.messaging.eventhubs.LoadBalancingStrategy;
import com.azure.messaging.eventhubs.checkpointstore.blob.BlobCheckpointStore;
import com.azure.messaging.eventhubs.models.EventPosition;
import com.azure.messaging.eventhubs.models.SendOptions;
import com.azure.storage.blob.BlobContainerAsyncClient;
import com.azure.storage.blob.BlobContainerClientBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/** Two event processors with checkpoints in blobs share a hub, and one takes over what the other leaves. */
final class Processors {
    private static final String GROUP = "java";
    private static final int PARTITIONS = 4;

    private final Set<String> partitions = ConcurrentHashMap.newKeySet();
    private final EventProcessorClient client;

    private Processors(Set<String> received) {
        client = new EventProcessorClientBuilder()
            .connectionString(Main.connection, Main.hub)
            .consumerGroup(GROUP)
            .checkpointStore(new BlobCheckpointStore(container()))
            .loadBalancingStrategy(LoadBalancingStrategy.GREEDY)
            .loadBalancingUpdateInterval(Duration.ofSeconds(1))
            .partitionOwnershipExpirationInterval(Duration.ofSeconds(6))
            .initialPartitionEventPosition(partition -> EventPosition.earliest())
            .processPartitionInitialization(
                context -> partitions.add(context.getPartitionContext().getPartitionId()))
            .processPartitionClose(
                context -> partitions.remove(context.getPartitionContext().getPartitionId()))
            .processEvent(context -> {
                String partition = context.getPartitionContext().getPartitionId();
                received.add(partition + "/" + context.getEventData().getSequenceNumber());
                context.updateCheckpoint();
            })
            .processError(context -> { })
            .buildEventProcessorClient();
        client.start();
    }

    private static BlobContainerAsyncClient container() {
        return new BlobContainerClientBuilder()
            .connectionString(Main.storage)
            .containerName(GROUP)
            .buildAsyncClient();
    }

    private static void send(int count) {
        try (EventHubProducerClient producer = Main.client().buildProducerClient()) {
            for (int id = 0; id < PARTITIONS; id += 1) {
                List<EventData> events = new ArrayList<>();
                for (int i = 0; i < count; i += 1) {
                    events.add(new EventData(id == 0 && i == count - 1 ? "last" : "x"));
                }
                producer.send(events, new SendOptions().setPartitionId(String.valueOf(id)));
            }
        }
    }

    private static void until(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofMinutes(1).toNanos();
        while (!condition.getAsBoolean()) {
            Main.check(System.nanoTime() < deadline, "not seen: " + what);
            Thread.sleep(200);
        }
    }

    /** Returns how many events the hub has. */
    private static int stored() {
        try (EventHubProducerClient producer = Main.client().buildProducerClient()) {
            return producer.getPartitionIds().stream()
                .mapToInt(id -> (int) producer.getPartitionProperties(id).getLastEnqueuedSequenceNumber() + 1)
                .sum();
        }
    }

    static void shareAndTakeOver() throws InterruptedException {
        container().create().block();
        send(10);
        Set<String> received = ConcurrentHashMap.newKeySet();
        Processors first = new Processors(received);
        until("one processor with every partition", () -> first.partitions.size() == PARTITIONS);
        Processors second = new Processors(received);
        until("two processors with half of the partitions each",
            () -> first.partitions.size() == PARTITIONS / 2 && second.partitions.size() == PARTITIONS / 2);
        first.client.stop();
        until("the other one with every partition", () -> second.partitions.size() == PARTITIONS);
        send(1);
        int all = stored();
        until("every event", () -> received.size() == all);
        second.client.stop();
        Set<String> again = ConcurrentHashMap.newKeySet();
        Processors third = new Processors(again);
        until("a third one with every partition", () -> third.partitions.size() == PARTITIONS);
        send(1);
        until("what is new", () -> again.size() >= PARTITIONS);
        third.client.stop();
        Main.check(again.size() == PARTITIONS, "after the checkpoints came " + again);
    }
}
