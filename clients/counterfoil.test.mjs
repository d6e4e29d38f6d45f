// Sessions and e-mailed codes of the portal, through the unmodified clients. Numbers in brackets are those of the
// conformance checklist in docs/better-auth.md.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, code, count, enter, good, portal, refused } from "./portal.mjs";

test("nobody signed in is null, with the headers that keep it from caches", async () => {
  const b = browser();
  assert.deepEqual(await b.client.getSession(), { data: null, error: null });
  assert.equal(b.last().headers.get("cache-control"), "no-store");
  assert.equal(b.last().headers.get("pragma"), "no-cache");
});

test("an e-mailed code makes a user and a session; dates are dates (1)", async () => {
  const b = browser();
  const entered = await enter(b, "Codes@example.com", { name: "Code User", role: "admin", emailVerified: false, credits: 1e6 });
  assert.equal(entered.user.email, "codes@example.com");
  assert.equal(entered.user.name, "Code User");
  assert.equal(entered.user.emailVerified, true);
  assert.ok(b.jar.has("better-auth.session_token") && b.jar.has("counterfoil"));
  const { session, user } = await good(b.client.getSession());
  assert.deepEqual(Object.keys(session), ["id", "token", "userId", "expiresAt", "createdAt", "updatedAt", "ipAddress", "userAgent"]);
  assert.deepEqual(Object.keys(user), ["id", "name", "email", "emailVerified", "image", "createdAt", "updatedAt"]);
  for (const date of [session.expiresAt, session.createdAt, session.updatedAt, user.createdAt, user.updatedAt]) assert.ok(date instanceof Date);
  assert.ok(Math.abs(Date.now() - session.createdAt) < 60_000);
  assert.equal(session.token, entered.token);
  assert.equal(session.userId, user.id);
  assert.equal(session.userAgent, "a browser of the stories");
  assert.equal(user.image, null);
});

test("codes that are wrong, used up, spent or another browser's", async () => {
  const b = browser(), email = "wrong@example.com", before = await count(email);
  await refused(b.client.emailOtp.sendVerificationOtp({ email: "none", type: "sign-in" }), 400, "INVALID_EMAIL");
  await refused(b.client.emailOtp.sendVerificationOtp({ email, type: "x" }), 400, "VALIDATION_ERROR", /^\[body\.type\] Invalid option: expected one of/);
  await refused(b.client.emailOtp.sendVerificationOtp({ email, type: "change-email" }), 400, undefined, /^Invalid OTP type$/);
  await good(b.client.emailOtp.sendVerificationOtp({ email, type: "sign-in" }));
  const otp = await code(email, before);
  await refused(browser().client.signIn.emailOtp({ email, otp }), 400, "INVALID_OTP");
  await refused(b.client.signIn.emailOtp({ email, otp: "0000-0000" }), 400, "INVALID_OTP");
  assert.deepEqual(await good(b.client.emailOtp.checkVerificationOtp({ email, type: "sign-in", otp })), { success: true });
  await good(b.client.signIn.emailOtp({ email, otp }));
  await refused(b.client.signIn.emailOtp({ email, otp }), 400, "INVALID_OTP");
  const again = browser(), sent = await count(email);
  await good(again.client.emailOtp.sendVerificationOtp({ email, type: "email-verification" }));
  await code(email, sent);
  for (let tries = 0; tries < 4; tries++) await refused(again.client.emailOtp.verifyEmail({ email, otp: "0000-0000" }), 400, "INVALID_OTP");
  await refused(again.client.emailOtp.verifyEmail({ email, otp: "0000-0000" }), 403, "TOO_MANY_ATTEMPTS");
});

test("verify an address by a code", async () => {
  const b = browser(), email = "verify@example.com", before = await count(email);
  await good(b.client.emailOtp.sendVerificationOtp({ email, type: "email-verification" }));
  const data = await good(b.client.emailOtp.verifyEmail({ email, otp: await code(email, before) }));
  assert.equal(data.status, true);
  assert.equal(data.user.emailVerified, true);
  assert.equal((await good(b.client.getSession())).session.token, data.token);
});

test("the cookie of the API: signed, for a week, and enough alone", async () => {
  const b = browser();
  await enter(b, "cookie@example.com");
  const line = b.last().cookies.find((c) => c.startsWith("better-auth.session_token="));
  assert.match(line, /^better-auth\.session_token=[A-Za-z0-9_-]{43}\.[A-Za-z0-9%]+%3D; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax$/);
  b.jar.delete("counterfoil");
  assert.equal((await good(b.client.getSession())).user.email, "cookie@example.com");
  assert.equal((await b.page("/portal")).status, 303, "pages read their own cookie only");
});

test("a sign-in of the API opens the pages, and one of the pages the API", async () => {
  const b = browser();
  await enter(b, "both@example.com");
  assert.equal((await b.page("/portal")).status, 200);
  const other = browser(), email = "pages@example.com", before = await count(email);
  await other.form("/login", { email });
  await other.form("/login/code", { code: await code(email, before) });
  assert.equal((await good(other.client.getSession())).user.email, email);
});

test("sign out: success, no cookies, and null from then on (4)", async () => {
  const b = browser();
  await enter(b, "out@example.com");
  assert.deepEqual(await good(b.client.signOut()), { success: true });
  for (const name of ["better-auth.session_token", "better-auth.session_data", "better-auth.dont_remember", "counterfoil"]) {
    assert.ok(b.last().cookies.some((c) => c.startsWith(`${name}=;`) && /Max-Age=0/.test(c)), name);
  }
  assert.deepEqual(await b.client.getSession(), { data: null, error: null });
  assert.deepEqual(await good(b.client.signOut()), { success: true });
});

test("sessions: list, revoke one by what the list says, revoke others, revoke all (17)", async () => {
  const [a, b, c, stranger] = [browser(), browser(), browser(), browser()];
  for (const who of [a, b, c]) await enter(who, "many@example.com");
  await enter(stranger, "stranger@example.com");
  const own = (await good(a.client.getSession())).session;
  const list = await good(a.client.listSessions());
  assert.equal(list.length, 3);
  assert.ok(list.every((s) => s.expiresAt instanceof Date && s.userId === own.userId));
  assert.equal(list.find((s) => s.id === own.id).token, own.token);
  const theirs = (await good(b.client.getSession())).session;
  const listed = list.find((s) => s.id === theirs.id);
  assert.notEqual(listed.token, theirs.token, "a list must not hold the secrets of other browsers");
  assert.deepEqual(await good(stranger.client.revokeSession({ token: listed.token })), { status: true });
  assert.ok((await good(b.client.getSession())), "a stranger ended a session");
  assert.deepEqual(await good(a.client.revokeSession({ token: listed.token })), { status: true });
  assert.equal(await good(b.client.getSession()), null);
  await enter(b, "many@example.com");
  assert.deepEqual(await good(a.client.revokeOtherSessions()), { status: true });
  assert.deepEqual([await good(b.client.getSession()), await good(c.client.getSession())], [null, null]);
  assert.deepEqual(await good(a.client.revokeSessions()), { status: true });
  assert.equal(await good(a.client.getSession()), null);
  await refused(a.client.listSessions(), 401, "UNAUTHORIZED", /^Unauthorized$/);
});

test("origins: none, null, foreign and http of the same host are refused with a cookie (5)", async () => {
  const b = browser();
  await enter(b, "origins@example.com");
  const from = (origin) => ({ fetchOptions: { headers: { origin } } });
  await refused(b.client.revokeOtherSessions({ ...from("") }), 403, "MISSING_OR_NULL_ORIGIN");
  await refused(b.client.revokeOtherSessions({ ...from("null") }), 403, "MISSING_OR_NULL_ORIGIN");
  for (const origin of ["https://evil.example", `${portal}.evil.example`, portal.replace("http:", "https:"), "http://localhost:1"]) {
    await refused(b.client.revokeOtherSessions({ ...from(origin) }), 403, "INVALID_ORIGIN", /^Invalid origin$/);
  }
  assert.ok(await good(b.client.getSession()));
});

test("what does not exist: 404 and nothing in it (16)", async () => {
  const b = browser();
  const { error } = await b.client.noSuchThing();
  assert.equal(error.status, 404);
  assert.equal(error.message, undefined);
  for (const [method, path] of [["GET", "/sign-out"], ["POST", "/ok"], ["GET", "/none"], ["DELETE", "/get-session"], ["GET", "/"], ["GET", "/ok/"], ["OPTIONS", "/ok"]]) {
    const res = await b.raw(path, { method });
    assert.equal(res.status, 404, `${method} ${path}`);
    assert.equal(await res.text(), "", `${method} ${path}`);
  }
  assert.deepEqual(await (await b.raw("/ok")).json(), { ok: true });
  assert.equal((await b.raw("/get-session", { method: "POST" })).status, 405);
});

test("the page of a sign-in that failed shows the code and nothing else", async () => {
  const res = await browser().raw("/error?error=state_mismatch&error_description=%3Cb%3Ebold%3C%2Fb%3E");
  const page = await res.text();
  assert.match(res.headers.get("content-type"), /^text\/html/);
  assert.match(page, /state_mismatch/);
  assert.doesNotMatch(page, /bold/);
  assert.doesNotMatch(await (await browser().raw("/error?error=%3Cscript%3E")).text(), /<script>/);
});
