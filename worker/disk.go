package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// diskRound is how often the disk is looked at.
const diskRound = time.Minute

// diskSubject is what the alarm of the disk is about: there is one.
const diskSubject = "data"

// watchDisk raises an alarm when the disk of the database is nearly full, and clears it
// when there is room. On a disk that is full already the alarm cannot be written down: then
// Store.Alarms tells it from memory, and the log has a line each minute.
func (w *Worker) watchDisk(ctx context.Context) (int, error) {
	disk, err := w.disk()
	if err != nil {
		return 0, err
	}
	if !disk.NearlyFull() && !w.Store.Full() {
		_, err := w.Store.Clear(ctx, billing.AlarmDisk, diskSubject, w.Now())
		return 0, err
	}
	alarm := billing.Alarm{Kind: billing.AlarmDisk, Subject: diskSubject, Severity: billing.Urgent}
	alarm.Detail = fmt.Sprintf("%d MiB of %d MiB are free", disk.Free>>20, disk.Size>>20)
	w.Log.ErrorContext(ctx, "the disk of the database is nearly full: make space", "free_mib", disk.Free>>20, "of_mib", disk.Size>>20)
	if _, err := w.Store.Raise(ctx, alarm, w.Now()); err != nil && !errors.Is(err, db.ErrFull) {
		return 0, err
	}
	return 0, nil
}
