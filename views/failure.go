package views

// Failure is an error page. The catalogue has a sentence and an advice for
// every status that the portal answers with.
type Failure struct {
	Status int    // 400, 403, 404, 409, 413, 429, 500 or 503
	Detail string // a sentence that knows more than the status does; may be ""
	Back   Link   // a better place to go than the front page; may be zero
}

// failureText names the texts of one status.
type failureText struct{ title, text, advice string }

var failureTexts = map[int]failureText{
	400: {"failure.400.title", "failure.400.text", "failure.400.advice"},
	403: {"failure.403.title", "failure.403.text", "failure.403.advice"},
	404: {"failure.404.title", "failure.404.text", "failure.404.advice"},
	409: {"failure.409.title", "failure.409.text", "failure.409.advice"},
	413: {"failure.413.title", "failure.413.text", "failure.413.advice"},
	429: {"failure.429.title", "failure.429.text", "failure.429.advice"},
	500: {"failure.500.title", "failure.500.text", "failure.500.advice"},
	503: {"failure.503.title", "failure.503.text", "failure.503.advice"},
}

// failureWords returns the texts of a status. One without texts of its own gets
// those of its class.
func failureWords(status int) failureText {
	if words, ok := failureTexts[status]; ok {
		return words
	}
	if status < 500 {
		return failureTexts[400]
	}
	return failureTexts[500]
}
