// Sign-in by a mailed link, through the unmodified client of the magicLink plugin.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, count, found, good, portal, refused } from "./portal.mjs";

const html = { headers: { accept: "text/html" } };

// ask asks for a link and is told by the mail where it leads.
async function ask(b, email, more = {}) {
  const before = await count(email);
  assert.deepEqual(await good(b.client.signIn.magicLink({ email, ...more })), { status: true });
  return new URL(await found(/https?:\/\/\S+\/api\/auth\/magic-link\/verify\S+/, email, before));
}

// button opens a link as a page, and returns the hidden fields of the form with the button.
async function button(b, link) {
  const led = await b.page(link, html);
  assert.equal(led.status, 302);
  assert.equal(new URL(led.headers.get("location")).origin, portal);
  const page = await (await b.page(led.headers.get("location"), html)).text();
  const form = /<form[^>]*action="\/login\/link"[^>]*>(.*?)<\/form>/s.exec(page)?.[1] ?? "";
  return Object.fromEntries([...form.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value.replaceAll("&amp;", "&")]));
}

test("a link opens a button, which leads back signed in; a scanner spends nothing", async () => {
  const b = browser(), email = "magic@example.com";
  const link = await ask(b, email, { callbackURL: "/usage", newUserCallbackURL: "/plans", errorCallbackURL: "/login" });
  assert.deepEqual(await button(browser(), link), {}); // a scanner has no button to press
  const fields = await button(b, link);
  assert.equal(await good(b.client.getSession()), null);
  const done = await b.form("/login/link", fields);
  assert.equal(done.status, 303);
  assert.equal(done.headers.get("location"), "/plans"); // a new user
  assert.ok(b.jar.has("better-auth.session_token") && b.jar.has("counterfoil"));
  assert.equal((await good(b.client.getSession())).user.email, email);
  const spent = await browser().page(link, html);
  assert.equal(spent.headers.get("location"), `${portal}/login?error=INVALID_TOKEN`);
  const again = browser();
  assert.equal((await again.form("/login/link", await button(again, await ask(again, email, { callbackURL: "/usage", newUserCallbackURL: "/plans" })))).headers.get("location"), "/usage");
});

test("a front end elsewhere is led back to by a page", async () => {
  const b = browser({ origin: "https://app.example.com" });
  const fields = await button(b, await ask(b, "elsewhere@example.com", { callbackURL: "https://app.example.com/in?a=b&c=d" }));
  const done = await b.page("/login/link", { method: "POST", body: new URLSearchParams(fields), headers: { origin: portal } });
  assert.equal(done.status, 200);
  assert.equal(done.headers.get("refresh"), "0; url=https://app.example.com/in?a=b&c=d");
  assert.match(await done.text(), /href="https:\/\/app\.example\.com\/in\?a=b&amp;c=d"/);
  assert.equal((await good(b.client.getSession())).user.email, "elsewhere@example.com");
  await refused(browser().client.signIn.magicLink({ email: "x@example.com", callbackURL: "https://evil.example" }), 403, "INVALID_CALLBACK_URL");
});

test("whoever changes the form is led to no stranger", async () => {
  const b = browser();
  const fields = await button(b, await ask(b, "trap@example.com"));
  const done = await b.form("/login/link", { ...fields, new: "https://evil.example/" });
  assert.equal(done.headers.get("location"), "/portal");
  assert.equal(done.headers.get("refresh"), null);
});

test("a program of the browser that asked signs in by the token alone", async () => {
  const b = browser(), email = "call@example.com";
  const token = (await ask(b, email)).searchParams.get("token");
  await browser().client.magicLink.verify({ query: { token } }).catch(() => {}); // another's is led away
  const data = await good(b.client.magicLink.verify({ query: { token } }));
  assert.equal(data.user.email, email);
  assert.equal((await good(b.client.getSession())).session.token, data.token);
  assert.equal(data.session.token, data.token);
});
