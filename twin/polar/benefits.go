package polar

import (
	"context"
	"hash/crc32"
	"net/http"
	"strconv"
	"time"

	"counterfoil/twin"
)

var benefitSorts = map[string]func(a, b *twin.Benefit) int{
	"created_at":  byTime(func(b *twin.Benefit) time.Time { return b.CreatedAt }),
	"description": byText(func(b *twin.Benefit) string { return b.Description }),
	"type":        byText(func(b *twin.Benefit) string { return b.Type }),
}

// listBenefits: GET /v1/benefits/
func (s *Server) listBenefits(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.Benefit]{
		rows: v.Benefits(), sorts: benefitSorts, usual: "-created_at",
		keep: func(b *twin.Benefit) bool {
			return !b.Deleted && q.allows("id", b.ID) && q.allows("type", b.Type) && q.within(b.Description) && q.allowsMetadata(b.Metadata)
		},
		shape: func(b *twin.Benefit) any { return shapeBenefit(v, b) },
	}.answer(q)
}

// pathBenefit is the benefit that the path names; a deleted one is not found.
func pathBenefit(v *twin.View, r *http.Request) (*twin.Benefit, error) {
	b, err := v.Benefit(r.PathValue("id"))
	if err != nil || b.Deleted {
		return nil, twin.ErrNotFound
	}
	return b, nil
}

// getBenefit: GET /v1/benefits/{id}
func (s *Server) getBenefit(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, shapeBenefit)(pathBenefit(v, r))
}

// createBenefit: POST /v1/benefits/
func (s *Server) createBenefit(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.noOrganization()
	b.need("type")
	b.need("description")
	made := twin.Benefit{
		Type: b.choice("type", twin.BenefitCustom, twin.BenefitFeatureFlag, twin.BenefitMeterCredit,
			twin.BenefitLicenseKeys, twin.BenefitDownloadables, twin.BenefitDiscord, twin.BenefitGitHub),
		Description: b.text("description"), Metadata: b.metadata("metadata"),
	}
	fillBenefit(b, &made)
	if err := b.err(); err != nil {
		return nil, err
	}
	made, err := s.engine.CreateBenefit(ctx, made)
	return shapeOf(made, shapeBenefit), err
}

// updateBenefit: PATCH /v1/benefits/{id}
func (s *Server) updateBenefit(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	description, metadata := b.str("description"), b.metadata("metadata")
	fillBenefit(b, &twin.Benefit{}) // collects mistakes
	if err := b.err(); err != nil {
		return nil, err
	}
	made, err := s.engine.UpdateBenefit(ctx, r.PathValue("id"), func(row *twin.Benefit) {
		if description != nil {
			row.Description = *description
		}
		if metadata != nil {
			row.Metadata = metadata
		}
		if b.has("properties") {
			fillBenefit(b, row)
		}
	})
	return shapeOf(made, shapeBenefit), err
}

// deleteBenefit: DELETE /v1/benefits/{id}
func (s *Server) deleteBenefit(ctx context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	_, err := s.engine.UpdateBenefit(ctx, r.PathValue("id"), func(row *twin.Benefit) { row.Deleted = true })
	return nil, err
}

// fillBenefit reads the properties of the benefit's type.
func fillBenefit(b body, row *twin.Benefit) {
	p := b.nested("properties")
	switch row.Type {
	case twin.BenefitCustom:
		row.Note = p.text("note")
	case twin.BenefitMeterCredit:
		p.need("meter_id")
		p.need("units")
		row.MeterID, row.Units, row.Rollover = p.text("meter_id"), orZero(p.whole("units")), false
		if rollover := p.flag("rollover"); rollover != nil {
			row.Rollover = *rollover
		}
	case twin.BenefitLicenseKeys:
		expires, activations := p.nested("expires"), p.nested("activations")
		row.KeyPrefix, row.UsageLimit = p.text("prefix"), orZero(p.whole("limit_usage"))
		row.KeyTTL, row.KeyTimeframe = int(orZero(expires.whole("ttl"))), expires.choice("timeframe", "year", "month", "day")
		row.ActivationLimit = int(orZero(activations.whole("limit")))
		if admin := activations.flag("enable_customer_admin"); admin != nil {
			row.CustomerAdmin = *admin
		}
	case twin.BenefitDownloadables:
		row.Files, row.Archived = p.strs("files"), nil
		for id := range p.nested("archived").fields {
			if archived := p.nested("archived").flag(id); archived != nil && *archived {
				row.Archived = append(row.Archived, id)
			}
		}
	case twin.BenefitDiscord:
		p.need("guild_token")
		p.need("role_id")
		kick := p.flag("kick_member")
		row.Settings = map[string]string{
			"guild_token": p.text("guild_token"), "guild_id": guildOf(p.text("guild_token")), "role_id": p.text("role_id"),
			"kick_member": strconv.FormatBool(kick != nil && *kick),
		}
	case twin.BenefitGitHub:
		row.Settings = map[string]string{"permission": p.choice("permission", "pull", "triage", "push", "maintain", "admin")}
		for _, key := range []string{"repository_owner", "repository_name"} {
			p.need(key)
			row.Settings[key] = p.text(key)
		}
	}
}

var grantSorts = map[string]func(a, b *twin.Grant) int{
	"created_at": byTime(func(g *twin.Grant) time.Time { return g.CreatedAt }),
	"granted_at": byTime(func(g *twin.Grant) time.Time { return g.GrantedAt }),
	"revoked_at": byTime(func(g *twin.Grant) time.Time { return g.RevokedAt }),
}

// listGrants: GET /v1/benefit-grants/ and GET /v1/benefits/{id}/grants
func (s *Server) listGrants(v *twin.View, r *http.Request, q query) (any, error) {
	benefitID := r.PathValue("id")
	if benefitID != "" {
		if _, err := pathBenefit(v, r); err != nil {
			return nil, err
		}
	}
	return listing[twin.Grant]{
		rows: v.Grants(q.owner(v)), sorts: grantSorts, usual: "-created_at",
		keep: func(g *twin.Grant) bool {
			return (benefitID == "" || g.BenefitID == benefitID) && q.allows("benefit_id", g.BenefitID) &&
				q.allowsCustomer(v, g.CustomerID) && q.allowsFlag("is_granted", g.Granted())
		},
		shape: func(g *twin.Grant) any { return shapeGrant(v, g) },
	}.answer(q)
}

// guildOf stands for the Discord server that a guild token was issued for: a number, the same for the same token.
func guildOf(token string) string {
	return strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(token))), 10)
}
