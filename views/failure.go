package views

// Failure is an error page. The catalogue has a sentence and an advice for
// every status that the portal answers with.
type Failure struct {
	Status int    // 400, 403, 404, 409, 413, 429, 500 or 503
	Detail string // a sentence that knows more than the status does; may be ""
	Back   Link   // a better place to go than the front page; may be zero
}
