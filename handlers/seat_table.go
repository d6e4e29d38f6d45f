package handlers

import (
	"context"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

// seats fills in the seats of an organisation's plans. A mere member sees his own.
func (s *Server) seats(ctx context.Context, t *views.Translator, who auth.Visitor, o db.Organization, m *views.Org, members []db.Member, open []db.Invitation) error {
	subs, err := s.Store.Subscriptions(ctx, o.ID)
	if err != nil {
		return err
	}
	taken, err := s.Store.TakenSeats(ctx, o.ID)
	if err != nil {
		return err
	}
	asked, err := s.Store.SeatActions(ctx, o.ID, s.Now().Add(-refusalShown))
	if err != nil {
		return err
	}
	sh, err := s.shelf(ctx)
	if err != nil {
		return err
	}
	for _, sub := range subs {
		if sub.Seats == 0 || !sub.Live() {
			continue
		}
		seats := views.Seats{
			Subscription: sub.ProviderID, Plan: sh.name(sub.ProviderProductID, t.T("plan.another")), Manages: o.Role.Bills(),
		}
		table := seatTable{t: t, now: s.Now(), who: who, sub: sub, members: members, open: open}
		table.fill(taken, asked)
		seats.Rows = table.rows
		if seats.Manages {
			seats.Count = t.T("seats.count", "Given", t.Number(int64(table.given)), "Total", t.Number(int64(sub.Seats)))
			seats.Full, seats.People = table.given >= sub.Seats, table.candidates()
			if who.OrganizationID == o.ID {
				seats.ChangeURL = "/portal/subscriptions/" + sub.ProviderID + "/seats"
			}
		}
		m.Seats = append(m.Seats, seats)
	}
	m.NoSeats = len(m.Seats) == 0 && o.Role.Bills() && sh.sellsSeats()
	return nil
}

// sellsSeats reports whether anything is sold by the seat.
func (sh shelf) sellsSeats() bool {
	for _, p := range sh.forSale() {
		if p.BySeat() {
			return true
		}
	}
	return false
}

// seatTable makes the rows of one subscription's seats.
type seatTable struct {
	t       *views.Translator
	now     time.Time
	who     auth.Visitor
	sub     billing.Subscription
	members []db.Member
	open    []db.Invitation

	rows  []views.Seat
	given int             // seats that count, and those asked for
	has   map[string]bool // addresses with one
}

func (x *seatTable) fill(taken []billing.Seat, asked []billing.Action) {
	x.has = map[string]bool{}
	waiting := map[string]billing.ActionKind{}
	for _, a := range asked {
		if a.Seat.ProviderSubscriptionID == x.sub.ProviderID && a.State == billing.ActionWaiting {
			waiting[a.Seat.Email] = a.Kind
		}
	}
	for _, seat := range taken {
		if seat.ProviderSubscriptionID != x.sub.ProviderID {
			continue
		}
		x.given++
		x.has[seat.Email] = true
		row := x.row(seat.Email, seat.UserID)
		row.ID, row.Status = seat.ProviderID, views.SeatStatus(seat.Status)
		if seat.Status == billing.SeatPending {
			row.Until = x.t.Date(seat.ExpiresAt)
		}
		kind, busy := waiting[seat.Email]
		if row.Busy = busy; kind == billing.ActionRevokeSeat {
			row.Status = views.SeatRevoking
		}
		x.add(row)
	}
	for _, a := range asked {
		if a.Seat.ProviderSubscriptionID != x.sub.ProviderID || a.Kind != billing.ActionAssignSeat || x.has[a.Seat.Email] {
			continue
		}
		row := x.row(a.Seat.Email, a.Seat.UserID)
		row.Status, row.Busy = views.SeatGiving, true
		if a.State == billing.ActionRefused {
			row.Status, row.Note = views.SeatRefused, x.t.T("seat.refused.note", "Ago", x.t.Ago(a.EndedAt, x.now).Text)
		} else {
			x.given++
			x.has[a.Seat.Email] = true
		}
		x.add(row)
	}
}

// add keeps a row that the reader may see.
func (x *seatTable) add(row views.Seat) {
	for _, m := range x.members {
		if m.UserID == x.who.UserID && !m.Role.Bills() && !row.You {
			return
		}
	}
	x.rows = append(x.rows, row)
}

// row names whose seat it is.
func (x *seatTable) row(email, userID string) views.Seat {
	row := views.Seat{Email: email}
	belongs := false
	for _, m := range x.members {
		if userID != "" && m.UserID == userID || m.Email == email {
			row.Name, belongs = m.Name, true
			row.You = m.UserID == x.who.UserID
		}
	}
	for _, i := range x.open {
		belongs = belongs || i.Email == email
	}
	if !belongs {
		row.Note = x.t.T("seat.left")
	}
	return row
}

// candidates are the members and the invited who have no seat.
func (x *seatTable) candidates() []views.Choice {
	var list []views.Choice
	for _, m := range x.members {
		if !x.has[m.Email] {
			text := m.Email
			if m.Name != "" {
				text = m.Name + ", " + m.Email
			}
			list = append(list, views.Choice{Value: m.Email, Text: text})
		}
	}
	for _, i := range x.open {
		if !x.has[i.Email] {
			list = append(list, views.Choice{Value: i.Email, Text: x.t.T("seats.invited", "Email", i.Email)})
		}
	}
	return list
}
