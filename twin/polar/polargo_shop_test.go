package polar_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/apierrors"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"

	"counterfoil/twin"
	"counterfoil/twin/server"
)

// tokenOfShop is the merchant's.
var tokenOfShop = server.OrganizationToken

// fetch sends a request to an absolute address without any token.
func (w *world) fetch(method, address string, body []byte) (int, http.Header, []byte) {
	w.t.Helper()
	req := ok(http.NewRequestWithContext(w.t.Context(), method, address, bytes.NewReader(body)))(w.t)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res := ok(client.Do(req))(w.t)
	defer res.Body.Close()
	return res.StatusCode, res.Header, ok(io.ReadAll(res.Body))(w.t)
}

func TestFilesAndDownloadsByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	first, second := []byte("A handbook in two parts: "), []byte("this is the second.")
	size := int64(len(first) + len(second))
	made := ok(w.api.Files.Create(ctx, components.CreateFileCreateDownloadable(components.DownloadableFileCreate{
		Name: "handbook.txt", MimeType: "text/plain", Size: size, Upload: components.S3FileCreateMultipart{Parts: []components.S3FileCreatePart{
			{Number: 1, ChunkStart: 0, ChunkEnd: int64(len(first))}, {Number: 2, ChunkStart: int64(len(first)), ChunkEnd: size},
		}},
	})))(t).FileUpload
	complete := func() error {
		_, err := w.api.Files.Uploaded(ctx, made.ID, components.FileUploadCompleted{ID: made.Upload.ID, Path: made.Upload.Path, Parts: []components.S3FileUploadCompletedPart{}})
		return err
	}
	var invalid *apierrors.HTTPValidationError
	if err := complete(); !errors.As(err, &invalid) {
		t.Errorf("complete without a byte: %v", err)
	}
	for i, part := range [][]byte{first, second} {
		if status, header, body := w.fetch("PUT", made.Upload.Parts[i].URL, part); status != 200 || header.Get("ETag") == "" {
			t.Fatalf("part %d: %d %s", i, status, body)
		}
	}
	must(t, complete())
	ok(w.api.Files.Update(ctx, made.ID, components.FilePatch{Version: polargo.String("2nd edition")}))(t)
	files := ok(w.api.Files.List(ctx, nil, nil, nil, nil))(t).ListResourceFileRead.Items
	if f := files[0].DownloadableFileRead; f == nil || !f.IsUploaded || *f.Version != "2nd edition" || f.SizeReadable != "44 B" {
		t.Errorf("files %+v", files)
	}
	benefit := ok(w.api.Benefits.Create(ctx, components.CreateBenefitCreateDownloadables(components.BenefitDownloadablesCreate{
		Description: "Handbook", Properties: components.BenefitDownloadablesCreateProperties{Files: []string{made.ID}},
	})))(t).Benefit.BenefitDownloadables
	w.sold(benefit.ID, "kim@example.com")
	downloads := func(email string) []components.DownloadableRead {
		return ok(w.api.CustomerPortal.Downloadables.List(ctx, operations.CustomerPortalDownloadablesListSecurity{CustomerSession: w.session(email)}, nil, nil, nil))(t).ListResourceDownloadableRead.Items
	}
	if got := downloads("sam@example.com"); len(got) != 0 {
		t.Errorf("Sam may download %+v", got)
	}
	got := downloads("kim@example.com")
	status, header, body := w.fetch("GET", got[0].File.Download.URL, nil)
	if status != 200 || string(body) != string(first)+string(second) || !strings.HasPrefix(header.Get("Content-Disposition"), "attachment") {
		t.Errorf("download: %d %v %s", status, header, body)
	}
	ok(w.api.Files.Delete(ctx, made.ID))(t)
	if status, _, _ := w.fetch("GET", got[0].File.Download.URL, nil); status != 404 || len(downloads("kim@example.com")) != 0 {
		t.Errorf("a deleted file: %d", status)
	}
}

func TestPicturesByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	made := ok(w.api.Files.Create(ctx, components.CreateFileCreateProductMedia(components.ProductMediaFileCreate{
		Name: "cover.png", MimeType: "image/png", Size: 3, Upload: components.S3FileCreateMultipart{Parts: []components.S3FileCreatePart{{Number: 1, ChunkEnd: 3}}},
	})))(t).FileUpload
	use := func() (*operations.ProductsUpdateResponse, error) {
		return w.api.Products.Update(ctx, w.product("pro").ID, components.ProductUpdate{Medias: []string{made.ID}})
	}
	if _, err := use(); err == nil {
		t.Error("a picture that is not uploaded")
	}
	w.fetch("PUT", made.Upload.Parts[0].URL, []byte("png"))
	ok(w.api.Files.Uploaded(ctx, made.ID, components.FileUploadCompleted{ID: made.ID, Path: made.Path, Parts: []components.S3FileUploadCompletedPart{}}))(t)
	medias := ok(use())(t).Product.Medias
	if status, _, body := w.fetch("GET", medias[0].PublicURL, nil); status != 200 || string(body) != "png" {
		t.Errorf("picture: %d %s", status, body)
	}
}

func TestCheckoutLinksByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	pro, links := w.product("pro"), w.api.CheckoutLinks
	made := ok(links.Create(ctx, components.CreateCheckoutLinkCreateCheckoutLinkCreateProducts(components.CheckoutLinkCreateProducts{
		Products: []string{pro.ID, w.product("pro-yearly").ID}, Label: polargo.String("Newsletter"), SuccessURL: polargo.String("https://shop.example/thanks"),
	})))(t).CheckoutLink
	ok(links.Create(ctx, components.CreateCheckoutLinkCreateCheckoutLinkCreateProductPrice(components.CheckoutLinkCreateProductPrice{ProductPriceID: pro.Prices[0].ID})))(t)
	var invalid *apierrors.HTTPValidationError
	if _, err := links.Create(ctx, components.CreateCheckoutLinkCreateCheckoutLinkCreateProduct(components.CheckoutLinkCreateProduct{ProductID: made.ID})); !errors.As(err, &invalid) {
		t.Errorf("a link to nothing: %v", err)
	}
	discount := w.get("/v1/discounts/")["items"].([]any)[0].(map[string]any)["id"].(string)
	ok(links.Update(ctx, made.ID, components.CheckoutLinkUpdate{DiscountID: &discount}))(t)
	got := ok(links.Get(ctx, made.ID))(t).CheckoutLink
	if *got.Label != "Newsletter" || len(got.Products) != 2 || *got.DiscountID != discount || got.Discount == nil {
		t.Errorf("link %+v", got)
	}
	filter := operations.CreateCheckoutLinksListQueryParamProductIDFilterStr(w.product("pro-yearly").ID)
	if list := ok(links.List(ctx, operations.CheckoutLinksListRequest{ProductID: &filter}))(t).ListResourceCheckoutLink; list.Pagination.TotalCount != 1 {
		t.Errorf("links %+v", list.Pagination)
	}
	status, header, _ := w.fetch("GET", got.URL, nil)
	if status != http.StatusSeeOther || !strings.HasPrefix(header.Get("Location"), w.BaseURL+"/checkout/polar_c_") {
		t.Errorf("opened: %d %v", status, header)
	}
	if page, _, _ := w.fetch("GET", header.Get("Location"), nil); page != 200 {
		t.Errorf("checkout page: %d", page)
	}
	checkout := w.get("/v1/checkouts/")["items"].([]any)[0].(map[string]any)
	if checkout["success_url"] != "https://shop.example/thanks" || checkout["discount_id"] != discount {
		t.Errorf("checkout %v", checkout)
	}
	ok(links.Delete(ctx, made.ID))(t)
	var missing *apierrors.ResourceNotFound
	if _, err := links.Get(ctx, made.ID); !errors.As(err, &missing) {
		t.Errorf("a deleted link: %v", err)
	}
}

func TestCustomFieldsByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	fields := w.api.CustomFields
	text := components.CreateCustomFieldCreateText(components.CustomFieldCreateText{Slug: "company", Name: "Company", Properties: components.CustomFieldTextProperties{MaxLength: polargo.Int64(80)}})
	made := ok(fields.Create(ctx, text))(t).CustomField.CustomFieldText
	size := ok(fields.Create(ctx, components.CreateCustomFieldCreateSelect(components.CustomFieldCreateSelect{Slug: "size", Name: "Size", Properties: components.CustomFieldSelectProperties{
		Options: []components.CustomFieldSelectOption{{Value: "s", Label: "Small"}, {Value: "l", Label: "Large"}},
	}})))(t).CustomField.CustomFieldSelect
	var invalid *apierrors.HTTPValidationError
	if _, err := fields.Create(ctx, text); !errors.As(err, &invalid) {
		t.Errorf("a second of the same slug: %v", err)
	}
	ok(fields.Update(ctx, made.ID, components.CreateCustomFieldUpdateText(components.CustomFieldUpdateText{Name: polargo.String("Your company")})))(t)
	if got := ok(fields.Get(ctx, made.ID))(t).CustomField.CustomFieldText; got.Name != "Your company" || *got.Properties.MaxLength != 80 {
		t.Errorf("field %+v", got)
	}
	if list := ok(fields.List(ctx, operations.CustomFieldsListRequest{}))(t).ListResourceCustomField; list.Pagination.TotalCount != 2 || list.Items[0].CustomFieldText == nil {
		t.Errorf("fields %+v", list)
	}
	credits := w.product("credits-1000")
	product := ok(w.api.Products.Update(ctx, credits.ID, components.ProductUpdate{AttachedCustomFields: []components.AttachedCustomFieldCreate{
		{CustomFieldID: made.ID, Required: true}, {CustomFieldID: size.ID},
	}}))(t).Product
	if len(product.AttachedCustomFields) != 2 || !product.AttachedCustomFields[0].Required {
		t.Errorf("attached %+v", product.AttachedCustomFields)
	}
	checkout := ok(w.api.Checkouts.Create(ctx, components.CheckoutCreate{Products: []string{credits.ID}}))(t).Checkout
	confirm := func(data string) (int, string) {
		status, _, body := w.call("POST", "/v1/checkouts/client/"+checkout.ClientSecret+"/confirm", "",
			`{"customer_email":"kim@example.com","confirmation_token_id":"`+twin.CardSucceeds+`","custom_field_data":`+data+`}`)
		return status, body
	}
	if status, body := confirm(`{"size":"s"}`); status != 422 || !strings.Contains(body, `"loc":["body","custom_field_data","company"]`) {
		t.Errorf("without the company: %d %s", status, body)
	}
	if status, body := confirm(`{"company":"Kim & Co"}`); status != 200 {
		t.Errorf("with the company: %d %s", status, body)
	}
	order := w.get("/v1/orders/?limit=1")["items"].([]any)[0].(map[string]any)
	if order["custom_field_data"].(map[string]any)["company"] != "Kim & Co" {
		t.Errorf("order %v", order["custom_field_data"])
	}
	ok(fields.Delete(ctx, made.ID))(t)
	if got := ok(w.api.Products.Get(ctx, credits.ID))(t).Product; len(got.AttachedCustomFields) != 1 {
		t.Errorf("attached after deletion %+v", got.AttachedCustomFields)
	}
}

func TestDisputesAndEventTypesByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	order := w.Engine.OrdersOf(w.customer("sam@example.com").ID)[0]
	if list := ok(w.api.Disputes.List(ctx, operations.DisputesListRequest{}))(t).ListResourceDispute; list.Pagination.TotalCount != 0 {
		t.Errorf("disputes of a new twin %+v", list)
	}
	if status, _, body := w.call("POST", "/_twin/disputes", "", `{"order_id":"`+order.ID+`","status":"needs_response"}`); status != 200 {
		t.Fatalf("dispute: %d %s", status, body)
	}
	list := ok(w.api.Disputes.List(ctx, operations.DisputesListRequest{}))(t).ListResourceDispute
	if got := ok(w.api.Disputes.Get(ctx, list.Items[0].ID))(t).Dispute; got.OrderID != order.ID || got.Amount != order.Net || got.Closed {
		t.Errorf("dispute %+v", got)
	}
	types := ok(w.api.EventTypes.List(ctx, operations.EventTypesListRequest{Query: polargo.String("ai_usage")}))(t).ListResourceEventTypeWithStats.Items
	if len(types) != 1 || types[0].Occurrences == 0 || !types[0].FirstSeen.Before(types[0].LastSeen) {
		t.Fatalf("event types %+v", types)
	}
	ok(w.api.EventTypes.Update(ctx, types[0].ID, components.EventTypeUpdate{Label: "Words written", LabelPropertySelector: polargo.String("model")}))(t)
	types = ok(w.api.EventTypes.List(ctx, operations.EventTypesListRequest{Query: polargo.String("words")}))(t).ListResourceEventTypeWithStats.Items
	if len(types) != 1 || types[0].Name != "ai_usage" || *types[0].LabelPropertySelector != "model" {
		t.Errorf("labelled %+v", types)
	}
	if got := w.get("/v1/events/?name=ai_usage&limit=1")["items"].([]any)[0].(map[string]any); got["label"] != "Words written" {
		t.Errorf("event is called %v", got["label"])
	}
}

func TestOrganizationUpdateByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx, o := t.Context(), w.Engine.Organization()
	got := ok(w.api.Organizations.Update(ctx, o.ID, components.OrganizationUpdate{
		Name: polargo.String("Lumen Writing"),
		SubscriptionSettings: &components.OrganizationSubscriptionSettings{
			AllowMultipleSubscriptions: true, ProrationBehavior: components.SubscriptionProrationBehaviorInvoice, BenefitRevocationGracePeriod: 14,
		},
		CustomerPortalSettings: &components.OrganizationCustomerPortalSettings{},
	}))(t).Organization
	if got.Name != "Lumen Writing" || !got.SubscriptionSettings.AllowMultipleSubscriptions || got.CustomerPortalSettings.Usage.Show || got.AllowCustomerUpdates {
		t.Errorf("organization %+v", got)
	}
	sub := w.Engine.SubscriptionsOf(w.customer("sam@example.com").ID)[0]
	body := components.CreateCustomerSubscriptionUpdateCustomerSubscriptionUpdateProduct(components.CustomerSubscriptionUpdateProduct{ProductID: w.product("pro-yearly").ID})
	_, err := w.api.CustomerPortal.Subscriptions.Update(ctx, operations.CustomerPortalSubscriptionsUpdateSecurity{CustomerSession: w.session("sam@example.com")}, sub.ID, body)
	if !class(err, "UpdateSubscriptionPlanNotAllowed") {
		t.Errorf("a plan changed where customers may not: %v", err)
	}
	var missing *apierrors.ResourceNotFound
	if _, err := w.api.Organizations.Update(ctx, sub.ID, components.OrganizationUpdate{}); !errors.As(err, &missing) {
		t.Errorf("another organization: %v", err)
	}
}
