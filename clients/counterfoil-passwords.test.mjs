// Passwords of the portal, through the unmodified clients. Numbers in brackets are those of the conformance checklist in
// docs/better-auth.md.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, code, count, found, good, portal, refused } from "./portal.mjs";

const password = "correct horse battery";
const sign = (b, email, more = {}) => b.client.signUp.email({ name: "Robin", email, password, ...more });

test("sign up: a session, a cookie, and dates (1)", async () => {
  const b = browser();
  const { token, user } = await good(sign(b, "Robin@example.com", { emailVerified: true, role: "admin", customerId: "x" }));
  assert.ok(b.last().cookies.some((c) => c.startsWith("better-auth.session_token=")));
  assert.ok(user.createdAt instanceof Date);
  assert.deepEqual([user.email, user.emailVerified, user.name, user.image], ["robin@example.com", false, "Robin", null]);
  const { session } = await good(b.client.getSession());
  assert.equal(session.token, token);
  assert.ok(session.expiresAt instanceof Date);
});

test("the same address again: 422 (2)", async () => {
  await refused(sign(browser(), "ROBIN@example.com"), 422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL", /^User already exists\. Use another email\.$/);
});

test("what a sign-up refuses", async () => {
  const b = browser();
  await refused(sign(b, "none"), 400, "VALIDATION_ERROR", /^\[body\.email\] Invalid email address$/);
  await refused(sign(b, "a@example.com", { password: "short" }), 400, "PASSWORD_TOO_SHORT");
  await refused(sign(b, "a@example.com", { password: "long".repeat(40) }), 400, "PASSWORD_TOO_LONG");
  await refused(sign(b, "a@example.com", { name: undefined }), 400, "VALIDATION_ERROR", /^\[body\.name\] Invalid input: expected string, received undefined$/);
  await refused(sign(b, "a@example.com", { callbackURL: "https://evil.example" }), 403, "INVALID_CALLBACK_URL");
});

test("sign in: right, wrong, and nobody (3)", async () => {
  const b = browser();
  const wrong = (email) => b.client.signIn.email({ email, password: "wrong horse battery" });
  await refused(wrong("robin@example.com"), 401, "INVALID_EMAIL_OR_PASSWORD", /^Invalid email or password$/);
  await refused(wrong("nobody@example.com"), 401, "INVALID_EMAIL_OR_PASSWORD", /^Invalid email or password$/);
  const data = await good(b.client.signIn.email({ email: "robin@example.com", password }));
  assert.equal(data.redirect, false);
  assert.equal(data.url, undefined);
  const led = await good(browser().client.signIn.email({ email: "robin@example.com", password, callbackURL: "https://a.shop.example.com/x", fetchOptions: { headers: { origin: "https://a.shop.example.com" } } }));
  assert.deepEqual([led.redirect, led.url], [true, "https://a.shop.example.com/x"]);
});

test("without rememberMe the cookie ends with the browser", async () => {
  const b = browser();
  await good(b.client.signIn.email({ email: "robin@example.com", password, rememberMe: false }));
  const line = b.last().cookies.find((c) => c.startsWith("better-auth.session_token="));
  assert.doesNotMatch(line, /max-age|expires/i);
  const { session } = await good(b.client.getSession());
  assert.ok(session.expiresAt - Date.now() <= 24 * 3600_000);
});

test("a new name and picture", async () => {
  const b = browser();
  await good(b.client.signIn.email({ email: "robin@example.com", password }));
  assert.deepEqual(await good(b.client.updateUser({ name: "Robin B.", image: "https://example.com/r.png" })), { status: true });
  const { user } = await good(b.client.getSession());
  assert.deepEqual([user.name, user.image], ["Robin B.", "https://example.com/r.png"]);
  assert.deepEqual(await good(b.client.updateUser({ image: null })), { status: true });
  assert.equal((await good(b.client.getSession())).user.image, null);
  await refused(b.client.updateUser({ email: "x@example.com" }), 400, "EMAIL_CAN_NOT_BE_UPDATED");
  await refused(b.client.updateSession({ theme: "dark" }), 400, undefined, /^No fields to update$/);
});

test("change the password", async () => {
  const [b, phone] = [browser(), browser()];
  await good(sign(b, "change@example.com"));
  await good(phone.client.signIn.email({ email: "change@example.com", password }));
  await refused(b.client.changePassword({ currentPassword: "wrong", newPassword: "a new horse battery" }), 400, "INVALID_PASSWORD");
  const data = await good(b.client.changePassword({ currentPassword: password, newPassword: "a new horse battery", revokeOtherSessions: true }));
  assert.equal(data.token, (await good(b.client.getSession())).session.token);
  assert.equal(await good(phone.client.getSession()), null);
  assert.deepEqual(await good(b.client.verifyPassword({ password: "a new horse battery" })), { status: true });
});

test("reset the password by a mailed link", async () => {
  const b = browser(), email = "reset@example.com", before = await count(email);
  await good(sign(browser(), email));
  const asked = await good(b.client.requestPasswordReset({ email, redirectTo: "https://app.example.com/reset" }));
  assert.deepEqual([asked.status, asked.message], [true, "If this email exists in our system, check your email for the reset link"]);
  assert.deepEqual(await good(b.client.requestPasswordReset({ email: "unknown@example.com" })), asked);
  await refused(b.client.requestPasswordReset({ email, redirectTo: "https://evil.example" }), 403, "INVALID_REDIRECT_URL");
  const link = await found(/http\S+\/api\/auth\/reset-password\/\S+/, email, before);
  const led = await b.page(link);
  assert.equal(led.status, 302);
  const to = new URL(led.headers.get("location"));
  assert.equal(to.origin + to.pathname, "https://app.example.com/reset");
  const token = to.searchParams.get("token");
  assert.deepEqual(await good(b.client.resetPassword({ newPassword: "a new horse battery", token })), { status: true });
  await refused(b.client.resetPassword({ newPassword: "a new horse battery", token }), 400, "INVALID_TOKEN");
  await good(b.client.signIn.email({ email, password: "a new horse battery" }));
});

test("reset the password by a code", async () => {
  const b = browser(), email = "otp@example.com";
  await good(sign(browser(), email));
  const before = await count(email);
  assert.deepEqual(await good(b.client.forgetPassword.emailOtp({ email })), { success: true });
  const otp = await code(email, before);
  assert.deepEqual(await good(b.client.emailOtp.resetPassword({ email, otp, password: "a new horse battery" })), { success: true });
  await good(browser().client.signIn.email({ email, password: "a new horse battery" }));
});

test("verify the address by a mailed link", async () => {
  const b = browser(), email = "link@example.com", before = await count(email);
  await good(sign(b, email, { callbackURL: "/portal" }));
  const link = await found(/http\S+\/api\/auth\/verify-email\?\S+/, email, before);
  const led = await b.page(link);
  assert.deepEqual([led.status, led.headers.get("location")], [302, `${portal}/portal`]);
  assert.equal((await good(b.client.getSession())).user.emailVerified, true);
  await refused(b.client.sendVerificationEmail({ email }), 400, "EMAIL_ALREADY_VERIFIED");
  await refused(b.client.sendVerificationEmail({ email: "other@example.com" }), 400, "EMAIL_MISMATCH");
  await refused(b.client.verifyEmail({ query: { token: "none" } }), 401, "INVALID_TOKEN");
});
