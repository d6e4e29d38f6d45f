package worker

import (
	"context"
	"errors"
	"fmt"

	"counterfoil/billing"
	"counterfoil/db"
)

// RehearseMost is how many deliveries one Rehearse looks at, at most: what it reads from
// the provider, and how long it holds the database's writer, are bounded by it.
const RehearseMost = 100

// Rehearse works out what applying deliveries again would do, in their order, and changes
// nothing. As for applying, the objects are read anew from the provider, each once; what
// cannot be read counts as the delivery has it. One Rehearsal each.
func (w *Worker) Rehearse(ctx context.Context, deliveries []db.DeliveryRecord) ([]db.Rehearsal, error) {
	if len(deliveries) > RehearseMost {
		return nil, fmt.Errorf("rehearse %d deliveries, at most %d: %w", len(deliveries), RehearseMost, billing.ErrInvalid)
	}
	read := map[billing.Ref]billing.Object{}
	var changes []billing.Change
	ends := make([]int, len(deliveries)) // after the changes of each delivery
	all := make([]db.Rehearsal, len(deliveries))
	for i, d := range deliveries {
		own, err := w.changesOf(ctx, d.InboxDelivery, read)
		if err != nil && !errors.Is(err, billing.ErrInvalid) {
			return nil, fmt.Errorf("delivery %s: %w", d.RowID, err)
		}
		if err != nil { // one that makes no sense does not hide what the others would do
			all[i].Problem = err.Error()
		}
		changes = append(changes, own...)
		ends[i] = len(changes)
	}
	done, err := w.Store.Rehearse(ctx, changes, w.Now())
	if err != nil {
		return nil, err
	}
	begin := 0
	for i, end := range ends {
		if end > begin {
			all[i] = merge(done[begin:end])
		}
		begin = end
	}
	return all, nil
}

// changesOf is everything that applying a delivery applies: a customer whom nobody knows
// here, what else changes by it, then what it is about.
func (w *Worker) changesOf(ctx context.Context, d db.InboxDelivery, read map[billing.Ref]billing.Object) ([]billing.Change, error) {
	change, err := w.decide(ctx, d, read)
	if err != nil {
		return nil, err
	}
	var changes []billing.Change
	customer, err := w.stranger(ctx, change)
	if err != nil {
		return nil, err
	}
	if customer != nil {
		changes = append(changes, *customer)
	}
	for _, ref := range change.Also {
		if object := w.readOnce(ctx, ref, read); object != nil {
			changes = append(changes, billing.Change{Object: object})
		}
	}
	return append(changes, change), nil
}

// merge is the last of some rehearsals, with the facts and jobs of all, and the fields of
// the others under their kinds.
func merge(parts []db.Rehearsal) db.Rehearsal {
	all := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		for _, f := range part.Fields {
			f.Name = string(part.Ref.Kind) + " " + f.Name
			all.Fields = append(all.Fields, f)
		}
		all.Told = append(all.Told, part.Told...)
		all.Jobs = append(all.Jobs, part.Jobs...)
	}
	return all
}
