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
	400: {"failure.title.400", "failure.text.400", "failure.advice.400"},
	403: {"failure.title.403", "failure.text.403", "failure.advice.403"},
	404: {"failure.title.404", "failure.text.404", "failure.advice.404"},
	409: {"failure.title.409", "failure.text.409", "failure.advice.409"},
	413: {"failure.title.413", "failure.text.413", "failure.advice.413"},
	429: {"failure.title.429", "failure.text.429", "failure.advice.429"},
	500: {"failure.title.500", "failure.text.500", "failure.advice.500"},
	503: {"failure.title.503", "failure.text.503", "failure.advice.503"},
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
