package betterauth

import (
	"net/http"

	"counterfoil/auth"
)

// inWords are the reasons of auth in the words of Better Auth's core (better-auth 1.7,
// error codes). PASSWORD_COMPROMISED is of its haveIBeenPwned plugin.
var inWords = map[auth.Reason]refusal{
	auth.BadEmail:        {Status: http.StatusBadRequest, Code: "INVALID_EMAIL", Message: "Invalid email"},
	auth.BadName:         {Status: http.StatusBadRequest, Code: "VALIDATION_ERROR", Message: "[body.name] Invalid input: expected a name of at most 100 characters"},
	auth.EmailTaken:      {Status: http.StatusUnprocessableEntity, Code: "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL", Message: "User already exists. Use another email."},
	auth.ShortPassword:   {Status: http.StatusBadRequest, Code: "PASSWORD_TOO_SHORT", Message: "Password too short"},
	auth.LongPassword:    {Status: http.StatusBadRequest, Code: "PASSWORD_TOO_LONG", Message: "Password too long"},
	auth.CommonPassword:  {Status: http.StatusBadRequest, Code: "PASSWORD_COMPROMISED", Message: "The password you entered has been compromised. Please choose a different password."},
	auth.WrongPassword:   {Status: http.StatusBadRequest, Code: "INVALID_PASSWORD", Message: "Invalid password"},
	auth.NotProven:       {Status: http.StatusForbidden, Code: "EMAIL_NOT_VERIFIED", Message: "Email not verified"},
	auth.LinkDead:        {Status: http.StatusBadRequest, Code: "INVALID_TOKEN", Message: "Invalid token"},
	auth.SignUpClosed:    {Status: http.StatusBadRequest, Code: "FAILED_TO_CREATE_USER", Message: "Failed to create user"},
	auth.UnknownProvider: {Status: http.StatusNotFound, Code: "PROVIDER_NOT_FOUND", Message: "Provider not found"},
	auth.WayOff:          {Status: http.StatusNotFound, Code: "NOT_FOUND", Message: "Not found"},
	auth.PasswordSet:     {Status: http.StatusBadRequest, Code: "PASSWORD_ALREADY_SET", Message: "User already has a password set"},
}

// coreRefusal says why auth refused; what is no refusal stays what it is.
func coreRefusal(err error) error {
	said := auth.ReasonOf(err)
	if said == nil {
		return err
	}
	if said.Reason == auth.TooMany {
		return tooMany(said.RetryAfter)
	}
	if words, ok := inWords[said.Reason]; ok {
		return &words
	}
	return err
}
