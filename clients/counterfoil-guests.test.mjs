// A portal that opens checkouts only for those who have signed in (COUNTERFOIL_CHECKOUT_SIGNED_IN_ONLY), asked by the
// unmodified client. The number in brackets is that of the conformance checklist in docs/better-auth.md.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browser, enter, good, refused } from "./portal.mjs";

test("a checkout of nobody is refused, after a product that there is none of (8)", async () => {
  const guest = browser();
  await refused(guest.client.checkout({ slug: "pro" }), 401, undefined, /^You must be logged in to checkout$/);
  await refused(guest.client.checkout({ slug: "none" }), 400, undefined, /^Product not found$/);
  await enter(guest, "noor@example.com");
  assert.match((await good(guest.client.checkout({ slug: "pro" }))).url, /^http/);
});
