package twin

import (
	"slices"
	"strings"
)

// AddFault makes the API misbehave from now on. Errors: *Invalid for an unknown kind.
func (e *Engine) AddFault(f Fault) error {
	if !slices.Contains([]string{"status", "latency", "cut", "lost", "html"}, f.Kind) {
		return invalid("Unknown kind of fault: use status, latency, cut, lost or html.", "kind")
	}
	if f.Kind == "status" && (f.Status < 400 || f.Status > 599) {
		return invalid("A fault of kind status needs a status from 400 to 599.", "status")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults = append(e.faults, f)
	return nil
}

// ClearFaults heals the API.
func (e *Engine) ClearFaults() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults = nil
}

// TakeFault returns the fault that strikes a call of the path, and uses up one of its calls.
func (e *Engine) TakeFault(path string) (Fault, bool) {
	e.mu.RLock()
	none := len(e.faults) == 0
	e.mu.RUnlock()
	if none {
		return Fault{}, false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, f := range e.faults {
		if !strings.HasPrefix(path, f.Path) {
			continue
		}
		switch f.Count {
		case 0: // until cleared
		case 1:
			e.faults = slices.Delete(slices.Clone(e.faults), i, i+1)
		default:
			e.faults[i].Count--
		}
		return f, true
	}
	return Fault{}, false
}
