package views_test

import "counterfoil/views"

func (s sampler) orgs() []sample {
	page := func() views.Page { return s.sam("orgs.title", "") }
	acting := page()
	acting.Acting = &views.Acting{Name: "Acme", Role: "Owner", Slug: "acme", Other: []views.OrgRow{{ID: "o2", Slug: "north", Name: "North"}}}
	rows := []views.OrgRow{{ID: "o1", Slug: "acme", Name: "Acme", Role: "Owner", Current: true}, {ID: "o2", Slug: "north", Name: "North", Role: "Member"}}
	roles := []views.Choice{{Value: "member", Text: "Member"}, {Value: "billing_manager", Text: "Billing manager"}, {Value: "owner", Text: "Owner"}}
	people := []views.OrgMember{
		{UserID: "u1", Name: "Sam Okafor", Email: "sam@example.com", Role: "Owner", RoleValue: "owner", Since: s.t.Date(now), You: true},
		{UserID: "u2", Email: "pat@example.com", Role: "Billing manager", RoleValue: "billing_manager", Since: s.t.Date(now)},
	}
	owner := views.Org{
		ID: "o1", Slug: "acme", Name: "Acme", Role: "Owner", Manages: true, Current: true, Last: true, People: people, Roles: roles,
		Invitations: []views.OrgInvitation{{ID: "i1", Email: "kim@example.com", Role: "Member", Sent: s.t.Ago(now, now), Ends: s.t.Date(now.AddDate(0, 0, 7))}},
		Invite:      views.OrgInvite{Email: "kim@example", Roles: roles[:2], Error: "Enter an address like name@example.com."},
	}
	member := views.Org{ID: "o2", Slug: "north", Name: "North", Role: "Member", People: people}
	seats := owner
	seats.Invite = views.OrgInvite{Roles: roles[:2]}
	seats.Seats = []views.Seats{{
		Subscription: "sub-1", Plan: "Team", Count: "5 of 6 seats are given.", Manages: true, ChangeURL: "/portal/subscriptions/sub-1/seats",
		Rows: []views.Seat{
			{ID: "s1", Name: "Sam Okafor", Email: "sam@example.com", Status: views.SeatClaimed, You: true},
			{ID: "s2", Email: "kim@example.com", Status: views.SeatPending, Until: s.t.Date(now.AddDate(0, 0, 1))},
			{ID: "s3", Email: "gone@example.com", Status: views.SeatRevoking, Busy: true, Note: "Does not belong any more."},
			{Email: "pat@example.com", Status: views.SeatGiving, Busy: true},
			{Email: "lee@example.com", Status: views.SeatRefused, Busy: true, Note: "The billing provider refused it (2 hours ago)."},
		},
		People: []views.Choice{{Value: "ana@example.com", Text: "Ana, ana@example.com"}, {Value: "bo@example.com", Text: "bo@example.com (invited)"}},
	}}
	none := owner
	none.Invite, none.NoSeats = views.OrgInvite{Roles: roles[:2]}, true
	full := seats
	full.Seats = []views.Seats{{Subscription: "sub-1", Plan: "Team", Count: "1 of 1 seats are given.", Manages: true, Full: true, Rows: seats.Seats[0].Rows[:1]}, {Subscription: "sub-2", Plan: "Studio", Manages: true}}
	own := member
	own.Seats = []views.Seats{{Subscription: "sub-1", Plan: "Team", Rows: []views.Seat{{ID: "s4", Email: "sam@example.com", Status: views.SeatPending, You: true}}}, {Subscription: "sub-2", Plan: "Studio"}}
	team := views.Subscription{ID: "sub-1", Product: "Team", Status: views.SubscriptionActive, Price: "$60.00", Interval: views.Month, Seats: "6 seats", Renews: s.t.Date(now), Amount: "$60.00"}
	change := views.ChangeSeats{Subscription: team, From: "6", Seats: "8", Least: 5, Most: 50, Given: "You have 6 seats, and 5 are given.", Button: "Buy 8 seats", Facts: []views.PriceLine{
		{Term: "Today", Value: "About $12.40", Note: "for the rest of this period, before tax and discounts. If the payment fails, nothing changes."},
		{Term: "From 1 December 2026", Value: "$80.00 a month", Note: "instead of $60.00, before tax and discounts"},
	}}
	bad := views.ChangeSeats{Subscription: team, From: "6", Seats: "2", Least: 5, Given: change.Given, Error: "At least 5 seats are needed: fewer are not sold, or more are given. Take seats back first."}
	invite := views.Invite{Token: "token", Organization: "Acme", Role: "Member", Email: "sam@example.com"}
	out := invite
	out.SignInURL = "/login?next=%2Finvitations"
	titled := func(title string) views.Page {
		p := page()
		p.Title = title
		return p
	}
	ending := views.DeleteOrg{Slug: "acme", Name: "Acme", People: "3 people", Who: []string{
		"Nobody acts for it any more, or sees anything of it, you included.", "1 open invitation is taken back.",
	}}
	mistyped, billed := ending, ending
	mistyped.Error = "That is not its name. Type Acme. Nothing has happened."
	billed.Hindrances = []views.Hindrance{{
		Text: "A subscription is still running. Cancel it, and come back when it has ended. Its current period ends on 22 December 2026.",
		URL:  "/portal/subscriptions", Link: "Subscriptions",
	}}
	return []sample{
		{"payer", views.PayerPage(acting, views.Payers{
			Plan: "Pro", Slug: "pro", Text: "The page that you came from was for yourself. By now you act for Acme.",
			Choices: []views.Choice{{Value: "o1", Text: "For Acme"}, {Value: "u1", Text: "For yourself"}},
		})},
		{"orgs", views.OrgsPage(acting, views.Orgs{Rows: rows, Form: views.OrgForm{Email: "sam@example.com"}})},
		{"orgs-code", views.OrgsPage(page(), views.Orgs{Rows: rows[:1], Founding: views.Founding{Name: "Ferrous Works", Email: "billing@ferrous.example", Error: "That is not the code. You have 3 tries left."}})},
		{"orgs-none", views.OrgsPage(page(), views.Orgs{Close: "Prove your address first."})},
		{"org", views.OrgPage(acting, owner)},
		{"org-delete", views.DeleteOrgPage(titled("Delete Acme"), ending)},
		{"org-delete-mistyped", views.DeleteOrgPage(titled("Delete Acme"), mistyped)},
		{"org-delete-hindered", views.DeleteOrgPage(titled("Delete Acme"), billed)},
		{"org-seats", views.OrgPage(acting, seats)},
		{"org-seats-none", views.OrgPage(acting, none)},
		{"org-seats-full", views.OrgPage(acting, full)},
		{"org-seats-own", views.OrgPage(page(), own)},
		{"seats-change", views.ChangeSeatsPage(acting, change)},
		{"seats-change-bad", views.ChangeSeatsPage(acting, bad)},
		{"subscription-seats", views.SubscriptionPage(acting, views.SubscriptionDetail{Subscription: team, SeatsURL: "/x", PeopleURL: "/orgs/acme", CanCancel: true})},
		{"org-member", views.OrgPage(page(), member)},
		{"invite", views.InvitePage(page(), invite)},
		{"invite-visitor", views.InvitePage(s.visitor("orgs.title", ""), out)},
		{"invite-ended", views.InvitePage(page(), views.Invite{})},
		{"portal-member", views.PortalPage(acting, views.Portal{Member: true})},
	}
}
