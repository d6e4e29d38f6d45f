// The unmodified Better Auth plugin, server and client, against the twin: sign-up, checkout, portal, usage.
// Its webhook handlers are in handlers.test.mjs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, open } from "./merchant.mjs";
import { later, pay, polar, seeded, url } from "./twin.mjs";

let site, robin, pro, pack, me;
const password = "correct horse battery";

before(async () => {
  [pro, pack] = [await seeded("pro"), await seeded("credits-1000")];
  site = await open({ products: [{ productId: pro.id, slug: "pro" }, { productId: pack.id, slug: "credits" }], events: ["checkout.updated", "order.paid"] });
  robin = browser(site);
});
after(() => site.close());

// good is the data of an answer that must have no error.
async function good(answer) {
  const { data, error } = await answer;
  assert.equal(error, null, JSON.stringify(error));
  return data;
}

// refused checks an answer's error.
async function refused(answer, status, message) {
  const { data, error } = await answer;
  assert.equal(data, null);
  assert.equal(error.status, status);
  if (message) assert.match(error.message, message);
}

test("sign-up makes a customer with the user's id", async () => {
  me = (await good(robin.client.signUp.email({ email: "Robin@example.com", name: "Robin Buyer", password }))).user;
  const customer = await polar.customers.getExternal({ externalId: me.id });
  assert.equal(customer.email.toLowerCase(), "robin@example.com");
  assert.equal(customer.name, "Robin Buyer");
  assert.equal(customer.metadata.from, "sign-up");
  await refused(browser(site).client.signUp.email({ email: "robin@example.com", name: "Robin", password }), 422);
});

test("sign-up adopts a customer from before, and no second time", async () => {
  const sam = (await polar.customers.list({ email: "sam@example.com" })).result.items[0];
  const { user } = await good(browser(site).client.signUp.email({ email: "sam@example.com", name: "Sam", password }));
  assert.equal((await polar.customers.getExternal({ externalId: user.id })).id, sam.id);
  await polar.customers.create({ email: "taken@example.com", externalId: "somebody-else" });
  await refused(browser(site).client.signUp.email({ email: "taken@example.com", name: "T", password }), 500, /^Polar customer creation failed/);
});

test("a new name reaches the customer", async () => {
  await good(robin.client.updateUser({ name: "Robin B." }));
  assert.equal((await polar.customers.getExternal({ externalId: me.id })).name, "Robin B.");
});

test("checkout by slug: the buyer pays at the twin and comes back", async () => {
  const data = await good(robin.client.checkout({ slug: "pro", referenceId: "org-1", metadata: { seat: 3 } }));
  assert.equal(data.redirect, true);
  assert.ok(data.url.startsWith(`${url}/checkout/`) && data.url.endsWith("?theme=dark"), data.url);
  assert.equal((await pay(data.url, { card: "4000000000000002" })).status, 402);
  const { status, location } = await pay(data.url);
  assert.equal(status, 303);
  const back = new URL(location);
  assert.equal(back.origin + back.pathname, `${site.url}/success`);
  assert.match(back.searchParams.get("customer_session_token"), /^polar_cst_/);
  const done = await polar.checkouts.get({ id: back.searchParams.get("checkout_id") });
  assert.equal(done.status, "succeeded");
  assert.equal(done.externalCustomerId, me.id);
  assert.deepEqual(done.metadata, { referenceId: "org-1", seat: 3 });
  assert.deepEqual([...new Set(site.answers)], [200], "webhooks were taken before the buyer came back");
  assert.ok(site.handled.onCheckoutUpdated.some((event) => event.data.id === done.id && event.data.status === "succeeded"));
});

test("checkout by product, by products, and what it refuses", async () => {
  for (const products of [pack.id, [pack.id, pro.id]]) {
    const data = await good(robin.client.checkout({ products, redirect: false, successUrl: "/thanks" }));
    assert.ok(data.url.startsWith(`${url}/checkout/`));
  }
  const bought = await good(robin.client.checkout({ slug: "credits", redirect: false, successUrl: `${site.url}/thanks?c={CHECKOUT_ID}` }));
  assert.match((await pay(bought.url)).location, /\/thanks\?c=[0-9a-f-]{36}&customer_session_token=/);
  await refused(robin.client.checkout({ slug: "none" }), 400, /^Product not found$/);
  await refused(robin.client.checkout({ products: "00000000-0000-4000-8000-000000000000" }), 500, /^Checkout creation failed$/);
  await refused(browser(site).client.checkout({ slug: "pro" }), 401, /^You must be logged in to checkout$/);
  await refused(robin.client.checkout({}), 404);
});

test("customer state", async () => {
  const state = await good(robin.client.customer.state());
  assert.equal(state.externalId, me.id);
  assert.deepEqual(state.activeSubscriptions.map((s) => s.productId), [pro.id]);
  assert.equal(state.grantedBenefits.length, 5);
  assert.equal(state.activeMeters.find((m) => m.balance === 3000)?.creditedUnits, 3000);
  const same = await site.auth.api.state({ headers: robin.headers() });
  assert.equal(same.id, state.id);
  assert.ok(same.createdAt instanceof Date);
  await refused(browser(site).client.customer.state(), 401);
});

test("portal: both methods lead to a page that knows the customer", async () => {
  const data = await good(robin.client.customer.portal());
  assert.equal(data.redirect, true);
  assert.equal((await good(robin.client.customer.portal({ redirect: false }))).redirect, false);
  const page = await fetch((await site.auth.api.portal({ headers: robin.headers() })).url);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /Robin/);
});

test("usage: what is ingested shows in the meters", async () => {
  assert.deepEqual(await good(robin.client.usage.ingest({ event: "ai_usage", metadata: { credits: 40, model: "large" } })), { inserted: 1, duplicates: 0 });
  assert.deepEqual(await site.auth.api.ingestion({ headers: robin.headers(), body: { event: "ai_usage", metadata: { credits: 2 } } }), { inserted: 1, duplicates: 0 });
  const meters = (await good(robin.client.usage.meters.list({ query: { page: 1, limit: 10 } }))).result.items;
  const credits = meters.find((m) => m.meter.name === "AI credits");
  assert.equal(credits.consumedUnits, 42);
  assert.equal(credits.balance, 2958);
  assert.equal((await good(robin.client.usage.meters.list())).result.items.length, meters.length);
});

test("benefits, subscriptions and orders of the customer", async () => {
  const benefits = await good(robin.client.customer.benefits.list({ query: { page: 1, limit: 2 } }));
  assert.equal(benefits.result.items.length, 2);
  assert.deepEqual(benefits["~next"], { page: 2 });
  assert.ok(benefits.result.items[0].grantedAt instanceof Date);
  const subscriptions = (await good(robin.client.customer.subscriptions.list({ query: { active: true } }))).result;
  assert.deepEqual(subscriptions.items.map((s) => s.product.id), [pro.id]);
  const orders = await good(robin.client.customer.orders.list({ query: { page: 1, limit: 10 } }));
  assert.equal(orders.result.pagination.totalCount, 2);
  assert.equal(orders["~next"], undefined);
  const once = await good(robin.client.customer.orders.list({ query: { productBillingType: "one_time" } }));
  assert.deepEqual(once.result.items.map((o) => o.product.id), [pack.id]);
  await refused(robin.client.customer.orders.list({ query: { productBillingType: "x" } }), 400, /^\[query\.productBillingType\]/);
});

test("subscriptions by reference, read with the merchant's token", async () => {
  const list = async (referenceId) => (await good(robin.client.customer.subscriptions.list({ query: { referenceId, active: true } }))).result.items;
  assert.deepEqual((await list("org-1")).map((s) => s.metadata.referenceId), ["org-1"]);
  assert.deepEqual(await list("org-2"), []);
});

test("a renewal shows in the orders", async () => {
  await later("768h");
  const { result } = await good(robin.client.customer.orders.list({ query: { productBillingType: "recurring" } }));
  assert.deepEqual(result.items.map((o) => o.billingReason), ["subscription_cycle", "subscription_create"]);
});

test("deleting the user deletes the customer", async () => {
  await good(robin.client.deleteUser({ password }));
  assert.equal((await polar.customers.list({ email: "robin@example.com" })).result.items.length, 0);
});
