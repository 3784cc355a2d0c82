package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2/checkpoints"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

const (
	// Where checkpoints are.
	checkpointContainer = "golang"

	partitions = 4
	// In partitions 1 to 3.
	events = 25
)

// What processors have received together.
type received struct {
	sync.Mutex
	events map[string]int
}

func (r *received) add(partition string, sequence int64) {
	r.Lock()
	defer r.Unlock()
	r.events[fmt.Sprintf("%s/%d", partition, sequence)]++
}

func (r *received) count() int {
	r.Lock()
	defer r.Unlock()
	return len(r.events)
}

// An event processor that checkpoints what it reads.
type processor struct {
	sync.Mutex
	held   map[string]bool
	cancel context.CancelFunc
	ended  chan error
}

func (p *processor) holds() int {
	p.Lock()
	defer p.Unlock()
	return len(p.held)
}

func start(ctx context.Context, into *received) (*processor, error) {
	blobs, err := container.NewClientFromConnectionString(storage, checkpointContainer, nil)
	if err != nil {
		return nil, err
	}
	store, err := checkpoints.NewBlobStore(blobs, nil)
	if err != nil {
		return nil, err
	}
	client, err := consumer("go")
	if err != nil {
		return nil, err
	}
	inner, err := azeventhubs.NewProcessor(client, store, &azeventhubs.ProcessorOptions{
		LoadBalancingStrategy:       azeventhubs.ProcessorStrategyGreedy,
		UpdateInterval:              time.Second,
		PartitionExpirationDuration: 6 * time.Second,
		StartPositions:              azeventhubs.StartPositions{Default: earliest},
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	p := &processor{held: map[string]bool{}, cancel: cancel, ended: make(chan error, 1)}
	go func() {
		for {
			partition := inner.NextPartitionClient(ctx)
			if partition == nil {
				return
			}
			go p.read(ctx, partition, into)
		}
	}()
	go func() {
		err := inner.Run(ctx)
		closing, done := context.WithTimeout(context.Background(), soon)
		defer done()
		p.ended <- errors.Join(err, client.Close(closing))
	}()
	return p, nil
}

func (p *processor) read(ctx context.Context, partition *azeventhubs.ProcessorPartitionClient, into *received) {
	id := partition.PartitionID()
	p.Lock()
	p.held[id] = true
	p.Unlock()
	defer func() {
		p.Lock()
		delete(p.held, id)
		p.Unlock()
		closing, done := context.WithTimeout(context.Background(), soon)
		defer done()
		partition.Close(closing)
	}()
	for {
		waiting, done := context.WithTimeout(ctx, time.Second)
		batch, err := partition.ReceiveEvents(waiting, 100, nil)
		done()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			// The partition went to another processor, or this one stops.
			return
		}
		for _, event := range batch {
			into.add(id, event.SequenceNumber)
		}
		if len(batch) > 0 {
			if err := partition.UpdateCheckpoint(ctx, batch[len(batch)-1], nil); err != nil {
				return
			}
		}
	}
}

func (p *processor) close() error {
	p.cancel()
	return <-p.ended
}

func until(what string, condition func() bool) error {
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.New("not seen: " + what)
		}
	}
	return nil
}

func sendToAll(ctx context.Context, count int) error {
	for id := 1; id < partitions; id++ {
		options := &azeventhubs.EventDataBatchOptions{PartitionID: to.Ptr(fmt.Sprint(id))}
		err := send(ctx, options, func(batch *azeventhubs.EventDataBatch) error {
			for range count {
				if err := batch.AddEventData(&azeventhubs.EventData{Body: []byte("x")}, nil); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Two processors share a hub, one takes over what the other leaves, and a third goes on after their checkpoints.
func twoProcessors(ctx context.Context) error {
	blobs, err := container.NewClientFromConnectionString(storage, checkpointContainer, nil)
	if err != nil {
		return err
	}
	if _, err := blobs.Create(ctx, nil); err != nil {
		return err
	}
	if err := sendToAll(ctx, events); err != nil {
		return err
	}
	all := &received{events: map[string]int{}}
	first, err := start(ctx, all)
	if err != nil {
		return err
	}
	if err := until("one processor with every partition", func() bool { return first.holds() == partitions }); err != nil {
		return err
	}
	second, err := start(ctx, all)
	if err != nil {
		return err
	}
	shared := func() bool { return first.holds() == partitions/2 && second.holds() == partitions/2 }
	if err := until("two processors with half of the partitions each", shared); err != nil {
		return err
	}
	if err := first.close(); err != nil {
		return err
	}
	if err := until("the other one with every partition", func() bool { return second.holds() == partitions }); err != nil {
		return err
	}
	if err := sendToAll(ctx, 1); err != nil {
		return err
	}
	// Partition 0 has what came in every form, and the last one.
	total := 5 + (partitions-1)*(events+1)
	if err := until("every event", func() bool { return all.count() == total }); err != nil {
		return fmt.Errorf("%w: %d of %d", err, all.count(), total)
	}
	if err := second.close(); err != nil {
		return err
	}
	again := &received{events: map[string]int{}}
	third, err := start(ctx, again)
	if err != nil {
		return err
	}
	if err := until("a third one with every partition", func() bool { return third.holds() == partitions }); err != nil {
		return err
	}
	if err := sendToAll(ctx, 1); err != nil {
		return err
	}
	if err := until("what is new", func() bool { return again.count() >= partitions-1 }); err != nil {
		return err
	}
	if err := third.close(); err != nil {
		return err
	}
	if again.count() != partitions-1 {
		return fmt.Errorf("after the checkpoints came %v", again.events)
	}
	return nil
}
