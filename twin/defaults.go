package twin

// defaultOrganization is the merchant of a new file: a fictional AI writing API.
func defaultOrganization(s Stamp) Organization {
	return Organization{
		ID: newID(), Stamp: s, Name: "Lumen", Slug: "lumen", Email: "hello@lumen.example", Website: "https://lumen.example",
		Currency: "usd", InvoicePrefix: "LUMEN", AllowCustomerUpdates: true, Proration: "prorate", GraceDays: 7,
	}
}
