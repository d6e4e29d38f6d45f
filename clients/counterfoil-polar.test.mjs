// Polar's plugin of Better Auth, asked by its unmodified client and answered by the portal from its own copies. Numbers
// in brackets are those of the conformance checklist in docs/better-auth.md.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, enter, good, mailbox, portal, refused, until } from "./portal.mjs";

const sam = browser();

test("state is in camelCase, with dates (11)", async () => {
  await enter(sam, "sam@example.com");
  // A job makes the provider's customer known after a sign-up, and another copies what he has.
  const { data: state } = await until("Sam's state", () => sam.client.customer.state(), ({ data }) =>
    data?.activeMeters.length && data.activeSubscriptions.length && data.grantedBenefits.length);
  await until("Sam's orders", () => sam.client.customer.orders.list({ query: {} }), ({ data }) => data?.result.items.length);
  const { user } = await good(sam.client.getSession());
  assert.equal(state.externalId, user.id);
  assert.equal(state.email, "sam@example.com");
  assert.ok(state.createdAt instanceof Date);
  assert.equal(typeof state.activeMeters[0].balance, "number");
  assert.equal(typeof state.activeMeters[0].meterId, "string");
  const [sub] = state.activeSubscriptions;
  assert.equal(sub.status, "active");
  assert.ok(sub.currentPeriodEnd instanceof Date);
  assert.equal(typeof sub.cancelAtPeriodEnd, "boolean");
  assert.equal(typeof state.grantedBenefits[0].benefitType, "string");
});

test("orders come in pages, with a next one only where there is one (12)", async () => {
  const one = await good(sam.client.customer.orders.list({ query: { page: 1, limit: 2 } }));
  assert.equal(one.result.items.length, 2);
  assert.deepEqual(one["~next"], { page: 2 });
  const { totalCount, maxPage } = one.result.pagination;
  assert.equal(maxPage, Math.ceil(totalCount / 2));
  const all = await good(sam.client.customer.orders.list({ query: { page: 1, limit: 100 } }));
  assert.equal(all.result.items.length, totalCount);
  assert.equal(all["~next"], undefined);
  const [order] = all.result.items;
  assert.ok(order.createdAt instanceof Date);
  assert.equal(typeof order.product.name, "string");
  assert.equal(typeof order.netAmount, "number");
  assert.ok(Array.isArray(order.items));
  const once = await good(sam.client.customer.orders.list({ query: { page: 1, limit: 10, productBillingType: "one_time" } }));
  assert.ok(once.result.items.every((item) => item.subscriptionId === null));
});

test("a billing type that is none is told (13)", async () => {
  await refused(sam.client.customer.orders.list({ query: { productBillingType: "x" } }), 400, "VALIDATION_ERROR", /^\[query\.productBillingType\]/);
});

test("subscriptions and benefits in the plugin's shape; active=false is true, as in the original", async () => {
  const subs = await good(sam.client.customer.subscriptions.list({ query: { page: 1, limit: 10, active: true } }));
  const [sub] = subs.result.items;
  assert.equal(sub.product.organization.slug.length > 0, true);
  assert.ok(sub.startedAt instanceof Date);
  const quirk = await good(sam.client.customer.subscriptions.list({ query: { active: false } }));
  assert.equal(quirk.result.items.length, subs.result.items.length);
  const benefits = await good(sam.client.customer.benefits.list({ query: { page: 1, limit: 10 } }));
  assert.equal(benefits.result.items[0].customer.email, "sam@example.com");
  assert.equal(typeof benefits.result.items[0].benefit.type, "string");
  assert.equal(benefits.result.items[0].isGranted, true);
});

test("somebody else's reference shows nothing", async () => {
  const noor = browser();
  await enter(noor, "noor@example.com");
  const { user } = await good(sam.client.getSession());
  const list = await good(noor.client.customer.subscriptions.list({ query: { referenceId: user.id } }));
  assert.deepEqual(list, { result: { items: [], pagination: { totalCount: 0, maxPage: 0 } } });
});

test("meters need no query (15)", async () => {
  const meters = await good(sam.client.usage.meters.list());
  assert.equal(typeof meters.result.items[0].meter.name, "string");
  assert.equal(typeof meters.result.items[0].consumedUnits, "number");
});

test("one use counts (14)", async () => {
  assert.deepEqual(await good(sam.client.usage.ingest({ event: "file_uploaded", metadata: { n: 1 } })), { inserted: 1, duplicates: 0 });
  await refused(browser().client.usage.ingest({ event: "file_uploaded", metadata: { n: 1 } }), 401, "UNAUTHORIZED");
  await refused(sam.client.usage.ingest({ event: "free_credits", metadata: {} }), 400, undefined);
  await refused(sam.client.usage.ingest({ event: "file_uploaded", metadata: { n: -1 } }), 400, undefined);
});

test("a checkout by slug leads to the provider's page (6)", async () => {
  const noor = browser();
  await enter(noor, "noor@example.com");
  const { user } = await good(noor.client.getSession());
  const checkout = await good(noor.client.checkout({ slug: "pro", referenceId: "team-7" }));
  assert.match(checkout.url, /^http/);
  assert.equal(checkout.redirect, true);
  const res = await fetch(`${mailbox}/v1/checkouts/?sorting=-created_at&limit=1`, { headers: { authorization: `Bearer ${process.env.TWIN_TOKEN}` } });
  const [seen] = (await res.json()).items;
  assert.equal(seen.url, checkout.url);
  assert.equal(seen.external_customer_id, user.id);
  assert.equal(seen.metadata.referenceId, "team-7");
  // The provider puts the id in the place of {CHECKOUT_ID}, which it knows only as it is.
  assert.equal(seen.success_url, `${portal}/checkout/success?checkout_id=${seen.id}`);
});

test("an unknown slug is told, without a code (7)", async () => {
  await refused(sam.client.checkout({ slug: "none" }), 400, undefined, /^Product not found$/);
});

test("products as text and as list, and no redirect (9)", async () => {
  const noor = browser();
  await enter(noor, "noor@example.com");
  const sub = (await good(sam.client.customer.subscriptions.list({ query: { active: true } }))).result.items[0];
  for (const products of [sub.productId, [sub.productId]]) {
    const checkout = await good(noor.client.checkout({ products, redirect: false }));
    assert.equal(checkout.redirect, false);
  }
});

test("an empty checkout goes out as GET, and there is none (20)", async () => {
  const { error } = await sam.client.checkout({});
  assert.equal(error.status, 404);
});

test("the provider's portal by GET and POST (10)", async () => {
  const shown = await good(sam.client.customer.portal());
  assert.equal(shown.redirect, true);
  assert.match(shown.url, /customer_session_token=/);
  assert.equal((await good(sam.client.customer.portal({ redirect: false }))).redirect, false);
});

test("what needs a session says so", async () => {
  const out = browser();
  for (const ask of [() => out.client.customer.state(), () => out.client.customer.portal(), () => out.client.usage.meters.list(), () => out.client.customer.orders.list({ query: {} })]) {
    await refused(ask(), 401, "UNAUTHORIZED");
  }
  assert.ok(portal);
});
