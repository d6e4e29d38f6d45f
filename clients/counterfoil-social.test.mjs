// Identity providers and what is linked, through the unmodified clients. Numbers in brackets are those of the conformance
// checklist in docs/better-auth.md.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, enter, good, portal, refused } from "./portal.mjs";

// consent says yes at the test provider, as somebody, and returns where it sends the browser; deny says no.
async function consent(url, fields) {
  const res = await fetch(url, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
  assert.equal(res.status, 303, await res.text());
  return res.headers.get("location");
}

const robin = { name: "Robin", email: "social@example.com" };

test("an unknown provider: 404 (18)", async () => {
  const b = browser();
  await refused(b.client.signIn.social({ provider: "nobody" }), 404, "PROVIDER_NOT_FOUND", /^Provider not found$/);
  await refused(b.client.signIn.social({ provider: "oidc", callbackURL: "https://evil.example" }), 403, "INVALID_CALLBACK_URL");
  await refused(b.client.signIn.social({ provider: "oidc", errorCallbackURL: "//evil.example" }), 403, "INVALID_ERROR_CALLBACK_URL");
  await refused(b.client.signIn.social({ provider: "oidc", newUserCallbackURL: "javascript:alert(1)" }), 403, "INVALID_NEW_USER_CALLBACK_URL");
  await refused(b.client.signIn.social({ provider: "oidc", idToken: { token: "x" } }), 404, "ID_TOKEN_NOT_SUPPORTED");
});

test("a known one: url and redirect, then a session (18)", async () => {
  const b = browser();
  const start = await good(b.client.signIn.social({ provider: "oidc", callbackURL: "/portal", newUserCallbackURL: "https://app.example.com/welcome", loginHint: robin.email }));
  assert.equal(start.redirect, true);
  assert.equal(b.last().headers.get("location"), start.url);
  const asked = new URL(start.url).searchParams;
  assert.equal(asked.get("redirect_uri"), `${portal}/api/auth/callback/oidc`);
  assert.ok(asked.get("state") && asked.get("nonce") && asked.get("code_challenge"));
  const back = await consent(start.url, robin);
  assert.equal((await browser().page(back)).headers.get("location"), `${portal}/api/auth/error?error=state_mismatch`, "another browser cannot use it");
  const led = await b.page(back);
  assert.deepEqual([led.status, led.headers.get("location")], [302, "https://app.example.com/welcome"]);
  const { user } = await good(b.client.getSession());
  assert.deepEqual([user.email, user.name, user.emailVerified], [robin.email, "Robin", true]);
  const again = await good(b.client.signIn.social({ provider: "oidc", callbackURL: "/portal", newUserCallbackURL: "/welcome", disableRedirect: true }));
  assert.equal(again.redirect, false);
  assert.equal(b.last().headers.get("location"), null);
  assert.equal((await b.page(await consent(again.url, robin))).headers.get("location"), `${portal}/portal`);
});

test("a sign-in that fails goes back with its code", async () => {
  const b = browser();
  const { url } = await good(b.client.signIn.social({ provider: "oidc", errorCallbackURL: "https://app.example.com/oops?x=1" }));
  const led = await b.page(await consent(url, { ...robin, deny: "1" }));
  assert.equal(led.headers.get("location"), "https://app.example.com/oops?x=1&error=access_denied");
  assert.equal((await b.raw("/callback/oidc")).headers.get("location"), `${portal}/api/auth/error?error=state_not_found`);
  assert.equal((await b.raw("/callback/nobody?state=x&code=y")).headers.get("location"), `${portal}/api/auth/error?error=oauth_provider_not_found`);
  const posted = await b.raw("/callback/oidc", { method: "POST", body: new URLSearchParams({ state: "a b", code: "c" }), headers: { origin: "https://provider.example" } });
  assert.deepEqual([posted.status, posted.headers.get("location")], [302, `${portal}/api/auth/callback/oidc?code=c&state=a+b`]);
});

test("accounts: linked, listed, unlinked, and no tokens", async () => {
  const b = browser(), email = "accounts@example.com";
  await enter(b, email);
  assert.deepEqual(await good(b.client.listAccounts()), []);
  await refused(b.client.linkSocial({ provider: "nobody" }), 404, "PROVIDER_NOT_FOUND");
  const { url, redirect } = await good(b.client.linkSocial({ provider: "oidc", callbackURL: "/account" }));
  assert.equal(redirect, true);
  assert.equal((await b.page(await consent(url, { name: "A", email: "linked@example.com" }))).headers.get("location"), `${portal}/account`);
  const [account] = await good(b.client.listAccounts());
  assert.deepEqual(Object.keys(account), ["id", "providerId", "accountId", "userId", "scopes", "createdAt", "updatedAt"]);
  assert.equal(account.providerId, "oidc");
  assert.ok(account.createdAt instanceof Date);
  await refused(b.client.getAccessToken({ accountId: account.id }), 400, "FAILED_TO_GET_ACCESS_TOKEN");
  await refused(b.client.refreshToken({ accountId: account.id }), 400, "FAILED_TO_REFRESH_ACCESS_TOKEN");
  await refused(b.client.accountInfo({ query: { accountId: account.id } }), 400, "ACCESS_TOKEN_NOT_FOUND");
  await refused(b.client.getAccessToken({ accountId: "none" }), 400, "ACCOUNT_NOT_FOUND");
  await refused(b.client.getAccessToken({ useAccountCookie: true }), 400, "ACCOUNT_NOT_FOUND");
  await refused(b.client.unlinkAccount({ accountId: "none" }), 400, "ACCOUNT_NOT_FOUND");
  const other = browser();
  await enter(other, "other-accounts@example.com");
  await refused(other.client.unlinkAccount({ accountId: account.id }), 400, "ACCOUNT_NOT_FOUND");
  const taken = await good(other.client.linkSocial({ provider: "oidc", errorCallbackURL: "/account" }));
  assert.equal((await other.page(await consent(taken.url, { name: "A", email: "linked@example.com" }))).headers.get("location"), `${portal}/account?error=account_already_linked_to_different_user`);
  assert.deepEqual(await good(b.client.unlinkAccount({ accountId: account.id })), { status: true });
  assert.deepEqual(await good(b.client.listAccounts()), []);
});

test("a password is an account too, and the last way in stays", async () => {
  const b = browser();
  await good(b.client.signUp.email({ name: "P", email: "only@example.com", password: "correct horse battery" }));
  const [account] = await good(b.client.listAccounts());
  assert.equal(account.providerId, "credential");
  await refused(b.client.unlinkAccount({ accountId: account.id }), 400, "FAILED_TO_UNLINK_LAST_ACCOUNT", /^You can't unlink your last account$/);
  await refused(b.client.linkSocial({ provider: "oidc" }), 403, "EMAIL_NOT_VERIFIED");
});
