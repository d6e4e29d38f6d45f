// A merchant's life in chapters, each leading to some kinds of events: what is for sale, purchases, changes,
// renewals, failures, seats, goodbyes. It is played through Polar's SDK, the hosted checkout and the clock.
import { cards, later, patience, pay, polar, seeded, token, url } from "./twin.mjs";

// known are the event types that @polar-sh/sdk 0.47.1 can read.
export const known = [
  "checkout.created", "checkout.updated", "checkout.expired",
  "customer.created", "customer.updated", "customer.deleted", "customer.state_changed",
  "customer_seat.assigned", "customer_seat.claimed", "customer_seat.revoked", "member.created", "member.updated", "member.deleted",
  "order.created", "order.updated", "order.paid", "order.refunded", "refund.created", "refund.updated",
  "subscription.created", "subscription.updated", "subscription.active", "subscription.canceled", "subscription.uncanceled",
  "subscription.revoked", "subscription.past_due",
  "product.created", "product.updated", "benefit.created", "benefit.updated", "organization.updated",
  "benefit_grant.created", "benefit_grant.cycled", "benefit_grant.updated", "benefit_grant.revoked",
];

// newer are the types that came after it; it refuses to read them.
export const newer = [
  "discount.created", "discount.updated", "discount.deleted", "subscription.cycled", "subscription.paused", "subscription.resumed",
];

const month = "768h"; // 32 days: past any renewal

// buy opens a checkout and pays it at the hosted page; it returns the checkout as it stands then.
export async function buy(product, checkout, card = cards.succeeds) {
  const made = await polar.checkouts.create({ products: [product.id], ...checkout });
  const { status } = await pay(made.url, { email: checkout.customerEmail, card });
  if (status !== 303) throw new Error(`buying ${product.name}: ${status}`);
  return polar.checkouts.get({ id: made.id });
}

// raw calls what the SDK of April 2026 has no words for yet.
async function raw(method, path, body) {
  const res = await fetch(url + path, {
    method, headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, body: JSON.stringify(body),
  });
  if (!res.ok) throw new Error(`${method} ${path}: ${res.status} ${await res.text()}`);
  return res.json();
}

// life is played in this order; w carries things from one chapter to the next.
const w = {};
export const life = {
  async "what is for sale"() {
    [w.pro, w.yearly, w.pack] = await Promise.all(["pro", "pro-yearly", "credits-1000"].map(seeded));
    w.note = await polar.benefits.create({ type: "custom", description: "A letter", properties: { note: "Thank you" } });
    w.key = await polar.benefits.create({ type: "license_keys", description: "A key", properties: { prefix: "LMN", activations: { limit: 2, enableCustomerAdmin: true } } });
    w.book = await polar.products.create({ name: "A book", prices: [{ amountType: "fixed", priceCurrency: "usd", priceAmount: 1500 }] });
    await polar.products.updateBenefits({ id: w.book.id, productBenefitsUpdate: { benefits: [w.note.id, w.key.id] } });
    await polar.products.update({ id: w.book.id, productUpdate: { description: "Two hundred pages" } });
    const discount = await polar.discounts.create({ type: "percentage", duration: "once", basisPoints: 1000, name: "Spring", code: "SPRING10" });
    await polar.discounts.update({ id: discount.id, discountUpdate: { name: "Late spring" } });
    await polar.discounts.delete({ id: discount.id });
  },
  async "a purchase"() {
    const { customerId } = await buy(w.book, { customerEmail: "reader@example.com", metadata: { shelf: 7 } }, cards.refundsLate);
    w.reader = await polar.customers.get({ id: customerId });
    await polar.benefits.update({ id: w.note.id, requestBody: { type: "custom", properties: { note: "Thank you again" } } });
  },
  async "a customer changes"() {
    const made = await polar.customers.create({ email: "writer@example.com", externalId: "writer-1", name: "W. Riter" });
    w.writer = await polar.customers.update({ id: made.id, customerUpdate: { name: "Willa Riter", billingAddress: { country: "DE", city: "Bonn" } } });
  },
  async "a subscription"() {
    w.subscription = (await buy(w.pro, { externalCustomerId: "writer-1" })).subscriptionId;
    const events = Array.from({ length: 3 }, (_, i) => ({ name: "ai_usage", externalCustomerId: "writer-1", metadata: { credits: 10 + i } }));
    await polar.events.ingest({ events });
  },
  async "cancelled and kept after all"() {
    await polar.subscriptions.update({ id: w.subscription, subscriptionUpdate: { cancelAtPeriodEnd: true, customerCancellationReason: "too_expensive" } });
    await polar.subscriptions.update({ id: w.subscription, subscriptionUpdate: { cancelAtPeriodEnd: false } });
  },
  async "a renewal"() {
    await later(month);
  },
  async "another plan"() {
    await polar.subscriptions.update({ id: w.subscription, subscriptionUpdate: { productId: w.yearly.id, prorationBehavior: "invoice" } });
  },
  async "an invoice and a refund"() {
    const [order] = (await polar.orders.list({ customerId: w.reader.id })).result.items;
    await polar.orders.update({ id: order.id, orderUpdate: { billingName: "R. Eader", billingAddress: { country: "DE", city: "Bonn", line1: "Am Markt 1", postalCode: "53111" } } });
    await polar.orders.generateInvoice({ id: order.id });
    await polar.refunds.create({ orderId: order.id, reason: "customer_request", amount: 500 });
    await later("2h"); // the card network takes its time with this card
    await polar.refunds.create({ orderId: order.id, reason: "customer_request", amount: order.netAmount - 500, revokeBenefits: true });
  },
  async "a team with seats"() {
    w.team = await polar.products.create({
      name: "Team", recurringInterval: "month",
      prices: [{ amountType: "seat_based", priceCurrency: "usd", seatTiers: { tiers: [{ minSeats: 1, pricePerSeat: 900 }] } }],
    });
    await polar.products.updateBenefits({ id: w.team.id, productBenefitsUpdate: { benefits: [w.note.id] } });
    const { customerId, subscriptionId } = await buy(w.team, { customerEmail: "boss@example.com", seats: 3 });
    const assign = (email, immediateClaim) => polar.customerSeats.assignSeat({ subscriptionId, email, immediateClaim });
    w.seats = [await assign("one@example.com", true), await assign("two@example.com", false)];
    await polar.customerSeats.revokeSeat({ seatId: w.seats[0].id });
    const member = await polar.members.createMember({ customerId, email: "books@example.com", name: "Books", role: "billing_manager" });
    await polar.members.updateMember({ id: member.id, memberUpdate: { name: "Bookkeeping" } });
    await polar.members.deleteMember({ id: member.id });
  },
  async "a renewal that fails until the end"() {
    await buy(w.pro, { externalCustomerId: "late-1", customerEmail: "late@example.com" }, cards.failsLater);
    await later(month);
    await later(month);
  },
  async "a pause"() {
    const { subscriptionId: id } = await buy(w.pro, { customerEmail: "rest@example.com" });
    await raw("PATCH", `/v1/subscriptions/${id}`, { pause_at_period_end: true });
    await later(month);
    await raw("PATCH", `/v1/subscriptions/${id}`, { resume: true });
  },
  async "a checkout nobody finishes"() {
    await polar.checkouts.create({ products: [w.pro.id] });
    await later("25h");
  },
  async "the shop itself changes"() {
    const [organization] = (await polar.organizations.list({})).result.items;
    await polar.organizations.update({ id: organization.id, organizationUpdate: { name: "Lumen Labs" } });
  },
  async "goodbye"() {
    await polar.subscriptions.revoke({ id: w.subscription });
    await polar.customers.delete({ id: w.writer.id });
  },
};

// settled waits until the twin has no webhook left to deliver.
export async function settled() {
  for (const end = Date.now() + patience; Date.now() < end;) {
    const state = await (await fetch(`${url}/_twin/state.json`)).json();
    if (state.webhooks_waiting === 0) return;
    await new Promise((again) => setTimeout(again, 20));
  }
  throw new Error("webhooks are still waiting");
}
