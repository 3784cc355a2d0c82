// Uses a namespace as any Go program would; exits with an error at the first surprise.
//
// Partition 0 is left with "last" as its last event. The consumer group "go" is this program's.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
)

// A refusal comes at once. The SDK's own retries are most of a minute.
const soon = 15 * time.Second

var connection, hub, storage = os.Args[1], os.Args[2], os.Args[3]

// Retries would hide how soon an error comes.
var retries = azeventhubs.RetryOptions{MaxRetries: -1}

func main() {
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"every form", everyForm},
		{"refused receivers", refusedReceivers},
		{"management errors", managementErrors},
		{"six receivers", sixReceivers},
		{"two processors", twoProcessors},
	} {
		begin := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		err := step.run(ctx)
		cancel()
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", step.name, err)
			os.Exit(1)
		}
		fmt.Printf("%s: %.1f s\n", step.name, time.Since(begin).Seconds())
	}
}

func producer(name string) (*azeventhubs.ProducerClient, error) {
	options := &azeventhubs.ProducerClientOptions{RetryOptions: retries}
	return azeventhubs.NewProducerClientFromConnectionString(connection, name, options)
}

func consumer(group string) (*azeventhubs.ConsumerClient, error) {
	options := &azeventhubs.ConsumerClientOptions{RetryOptions: retries}
	return azeventhubs.NewConsumerClientFromConnectionString(connection, hub, group, options)
}

func send(ctx context.Context, options *azeventhubs.EventDataBatchOptions, add func(*azeventhubs.EventDataBatch) error) error {
	client, err := producer(hub)
	if err != nil {
		return err
	}
	defer client.Close(ctx)
	batch, err := client.NewEventDataBatch(ctx, options)
	if err != nil {
		return err
	}
	if err := add(batch); err != nil {
		return err
	}
	return client.SendEventDataBatch(ctx, batch, nil)
}

// Receives one event of a partition, or why there is none.
func receive(ctx context.Context, group, partition string, start azeventhubs.StartPosition, count int) ([]*azeventhubs.ReceivedEventData, error) {
	client, err := consumer(group)
	if err != nil {
		return nil, err
	}
	defer client.Close(ctx)
	options := &azeventhubs.PartitionClientOptions{StartPosition: start}
	reader, err := client.NewPartitionClient(partition, options)
	if err != nil {
		return nil, err
	}
	defer reader.Close(ctx)
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	return reader.ReceiveEvents(ctx, count, nil)
}

var earliest = azeventhubs.StartPosition{Earliest: to.Ptr(true)}

func everyForm(ctx context.Context) error {
	bodies := []azeventhubs.AMQPAnnotatedMessageBody{
		{Data: [][]byte{[]byte("a"), {}, []byte("b")}},
		{Value: map[string]any{"k": int64(1)}},
		{Sequence: [][]any{{int64(1), "two"}}},
		{Data: [][]byte{[]byte("footer")}},
	}
	err := send(ctx, &azeventhubs.EventDataBatchOptions{PartitionID: to.Ptr("0")}, func(batch *azeventhubs.EventDataBatch) error {
		for _, body := range bodies {
			message := &azeventhubs.AMQPAnnotatedMessage{
				ApplicationProperties: map[string]any{
					"before 1970": time.Unix(-1_000_000, 0),
					"bytes":       []byte{0, 255},
					"double":      1.5,
					"none":        nil,
				},
				Body:   body,
				Footer: map[any]any{"crc": int64(7)},
			}
			if err := batch.AddAMQPAnnotatedMessage(message, nil); err != nil {
				return err
			}
		}
		return batch.AddEventData(&azeventhubs.EventData{Body: []byte("last")}, nil)
	})
	if err != nil {
		return err
	}
	events, err := receive(ctx, "$Default", "0", earliest, len(bodies)+1)
	if err != nil {
		return err
	}
	if last := events[len(events)-1]; string(last.Body) != "last" {
		return fmt.Errorf("%d events came, the last is %q", len(events), last.Body)
	}
	return nil
}

func refusedReceivers(ctx context.Context) error {
	for _, refused := range []struct {
		group, partition string
		start            azeventhubs.StartPosition
		words            string
	}{
		{"nobody", "0", earliest, "could not be found"},
		{"$Default", "77", earliest, "between 0 and 3"},
		{"$Default", "0", azeventhubs.StartPosition{SequenceNumber: to.Ptr(int64(10_000))}, "is invalid"},
		{"$Default", "0", azeventhubs.StartPosition{Offset: to.Ptr("999999999")}, "is invalid"},
	} {
		begin := time.Now()
		_, err := receive(ctx, refused.group, refused.partition, refused.start, 1)
		if err == nil || !strings.Contains(err.Error(), refused.words) {
			return fmt.Errorf("%+v: %w", refused, err)
		}
		if time.Since(begin) > soon {
			return fmt.Errorf("%+v took %s", refused, time.Since(begin))
		}
	}
	return nil
}

func managementErrors(ctx context.Context) error {
	client, err := producer("nothing")
	if err != nil {
		return err
	}
	defer client.Close(ctx)
	_, err = client.GetEventHubProperties(ctx, nil)
	if err == nil || !strings.Contains(err.Error(), "could not be found") {
		return fmt.Errorf("an unknown hub: %w", err)
	}
	known, err := producer(hub)
	if err != nil {
		return err
	}
	defer known.Close(ctx)
	_, err = known.GetPartitionProperties(ctx, "77", nil)
	if err == nil || !strings.Contains(err.Error(), "between 0 and 3") {
		return fmt.Errorf("an unknown partition: %w", err)
	}
	return nil
}

// The sixth without an owner level is refused.
func sixReceivers(ctx context.Context) error {
	for range 5 {
		client, err := consumer("$Default")
		if err != nil {
			return err
		}
		defer client.Close(ctx)
		reader, err := client.NewPartitionClient("0", &azeventhubs.PartitionClientOptions{StartPosition: earliest})
		if err != nil {
			return err
		}
		defer reader.Close(ctx)
		if _, err := reader.ReceiveEvents(ctx, 1, nil); err != nil {
			return err
		}
	}
	_, err := receive(ctx, "$Default", "0", earliest, 1)
	if err == nil || !strings.Contains(err.Error(), "amqp:resource-limit-exceeded") {
		return fmt.Errorf("the sixth receiver: %w", err)
	}
	return nil
}
