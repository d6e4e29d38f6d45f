package betterauth

import (
	"context"
	"fmt"
	"net/http"
)

// wanted are the products of a wish. Only what is sold here can be bought.
func (s *Server) wanted(ctx context.Context, body wish) ([]string, error) {
	sold, err := s.sold(ctx)
	if err != nil {
		return nil, err
	}
	if slug := orEmpty(body.Slug); slug != "" {
		id, there := sold[slug]
		if !there {
			return nil, refuse(http.StatusBadRequest, "", "Product not found")
		}
		return []string{id}, nil
	}
	for _, id := range body.Products {
		found := false
		for _, known := range sold {
			found = found || known == id
		}
		if !found {
			return nil, refuse(http.StatusBadRequest, "", "Product not found")
		}
	}
	if len(body.Products) == 0 {
		return nil, refuse(http.StatusInternalServerError, "", "Checkout creation failed") // as the provider refuses an empty list
	}
	return body.Products, nil
}

// sold maps slugs to the ids of what is sold here; a product without a slug stands under
// its id.
func (s *Server) sold(ctx context.Context) (map[string]string, error) {
	products, err := s.Store.Products(ctx)
	if err != nil {
		return nil, err
	}
	sold := map[string]string{}
	for _, p := range products {
		if p.Archived || !p.Public {
			continue
		}
		slug := p.Slug
		if slug == "" {
			slug = p.ProviderID
		}
		sold[slug] = p.ProviderID
	}
	if s.Checkout.Products == nil {
		return sold, nil
	}
	more, err := s.Checkout.Products(ctx)
	if err != nil {
		return nil, fmt.Errorf("products of this installation: %w", err)
	}
	for slug, id := range more {
		sold[slug] = id
	}
	return sold, nil
}
