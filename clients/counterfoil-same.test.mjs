// The same requests to a real Better Auth server and to the portal: statuses, refusals to the letter, and the shapes
// of answers must be the same. Where they differ on purpose, the row says so with what the portal answers instead.
import assert from "node:assert/strict";
import http from "node:http";
import { checkout, polar as polarPlugin, portal as portalPlugin, usage } from "@polar-sh/better-auth";
import { Polar } from "@polar-sh/sdk";
import { after, before, test } from "node:test";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { emailOTP } from "better-auth/plugins";
import { browser, code, count, portal } from "./portal.mjs";

const otps = new Map();
let original, server;

before(async () => {
  server = http.createServer((req, res) => toNodeHandler(original)(req, res));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  original = betterAuth({
    baseURL: `http://127.0.0.1:${server.address().port}`, secret: "a secret of thirty-two characters", telemetry: { enabled: false }, logger: { disabled: true },
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }), trustedOrigins: ["https://app.example.com"],
    advanced: { disableOriginCheck: false, disableCSRFCheck: false }, rateLimit: { enabled: false },
    emailAndPassword: { enabled: true, sendResetPassword: async () => {} }, emailVerification: { sendVerificationEmail: async () => {} },
    user: { deleteUser: { enabled: true }, changeEmail: { enabled: true } },
    plugins: [emailOTP({ sendVerificationOTP: async ({ email, otp }) => { otps.set(email, otp); } }), polarPlugin({
      client: new Polar({ accessToken: "none", serverURL: "http://127.0.0.1:9", retryConfig: { strategy: "none" } }), // what gets this far was not refused
      use: [checkout({ products: [{ slug: "pro", productId: "none" }] }), portalPlugin(), usage()],
    })],
  });
});
after(() => {
  server.closeAllConnections();
  server.close();
});

// visitor is a browser at either server, signed in by a code or not.
async function visitor(at, email) {
  const b = browser({ at, origin: at });
  if (!email) return b;
  const sent = at === portal ? await count(email) : 0;
  await b.post("/email-otp/send-verification-otp", { email, type: "sign-in" });
  const res = await b.post("/sign-in/email-otp", { email, otp: at === portal ? await code(email, sent) : otps.get(email), name: "Robin" });
  assert.equal(res.status, 200, await res.text());
  return b;
}

// shape is an answer with its values left out, but for those of a refusal.
function shape(value, key) {
  if (Array.isArray(value)) return value.length ? [shape(value[0])] : [];
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).filter(([k]) => k !== "image").sort().map(([k, v]) => [k, shape(v, k)]));
  if (typeof value === "string" && !["message", "code"].includes(key)) return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) ? "date" : "string";
  return value;
}

const send = async (b, { method = "POST", path, body, type = "application/json", headers = {}, drop }) => {
  const init = { method, headers: { ...headers } };
  if (body !== undefined) {
    init.body = typeof body === "string" ? body : JSON.stringify(body);
    init.headers["content-type"] = type;
    if (!type) init.body = new Blob([init.body]);
  }
  if (drop) b.jar.clear();
  const res = await b.raw(path, init);
  const text = await res.text();
  let answer = text;
  try { answer = shape(JSON.parse(text)); } catch { /* no JSON */ }
  return { status: res.status, answer, type: text ? res.headers.get("content-type")?.split(";")[0] : undefined };
};

const post = (path, body, more) => ({ path, body, ...more });
const get = (path, more) => ({ method: "GET", path, ...more });
const longText = "a".repeat(200);

const nobody = { status: 401, answer: { code: "UNAUTHORIZED", message: "Unauthorized" } };

const rows = {
  nobody: [
    get("/ok"), get("/get-session"), get("/none"), get("/sign-out"), post("/ok", {}), post("/get-session"), { method: "DELETE", path: "/ok" }, { method: "PUT", path: "/sign-out" },
    post("/sign-out", {}), post("/sign-out"), get("/list-sessions"), post("/revoke-session", { token: "x" }), post("/revoke-sessions", {}), post("/revoke-other-sessions", {}),
    post("/update-user", { name: "x" }), post("/update-session", { a: 1 }), post("/change-password", { newPassword: "a new horse battery", currentPassword: "x" }), post("/verify-password", { password: "x" }),
    post("/sign-up/email"), post("/sign-up/email", {}), post("/sign-up/email", { name: 1 }), post("/sign-up/email", { name: "R", email: 1 }), post("/sign-up/email", { name: "R", email: "none", password: "x" }),
    post("/sign-up/email", { name: "R", email: "a@example.com" }), post("/sign-up/email", { name: "R", email: "a@example.com", password: "" }), post("/sign-up/email", { name: "R", email: "a@example.com", password: "x", image: 1 }),
    post("/sign-up/email", { name: "R", email: "a@example.com", password: "x", rememberMe: "x" }), post("/sign-up/email", { name: "R", email: "a@example.com", password: "short" }),
    post("/sign-up/email", { name: "R", email: "a@example.com", password: longText }), post("/sign-up/email", "{"), post("/sign-up/email", "[]"), post("/sign-up/email", '"x"'), post("/sign-up/email", "null"),
    post("/sign-up/email", "x", { type: "text/plain" }), post("/sign-in/email", {}), post("/sign-in/email", { email: "a@example.com" }), post("/sign-in/email", { email: "none", password: "x" }),
    post("/sign-in/email", { email: "nobody@example.com", password: "wrong horse battery" }), post("/sign-in/email", { email: "nobody@example.com", password: "x", rememberMe: 1 }),
    post("/sign-in/email", "email=nobody%40example.com&password=x", { type: "application/x-www-form-urlencoded" }), post("/sign-in/email", "<x/>", { type: "application/xml" }),
    post("/sign-in/email", { email: "a@example.com", password: "x", callbackURL: "https://evil.example" }), post("/sign-in/email", { email: "a@example.com", password: "x", callbackURL: "//evil.example" }),
    post("/sign-in/email", { email: "a@example.com", password: "x", callbackURL: 7 }),
    post("/sign-in/email", { email: "a@example.com", password: "x" }, { headers: { origin: "https://evil.example" } }),
    post("/request-password-reset", {}), post("/request-password-reset", { email: "none" }), post("/request-password-reset", { email: "nobody@example.com" }), post("/request-password-reset", { email: "nobody@example.com", redirectTo: "https://evil.example" }),
    post("/reset-password", {}), post("/reset-password", { newPassword: "a new horse battery" }), post("/reset-password", { newPassword: "short", token: "x" }, { instead: { answer: { code: "INVALID_TOKEN", message: "Invalid token" } } }), post("/reset-password", { newPassword: "a new horse battery", token: "x" }),
    post("/send-verification-email", {}), post("/send-verification-email", { email: "none" }), post("/send-verification-email", { email: "nobody@example.com" }),
    get("/verify-email?token=none"), get("/verify-email?token=none&callbackURL=https://evil.example"), get("/verify-email?token=none&callbackURL=/x", { location: true }),
    post("/email-otp/send-verification-otp", {}), post("/email-otp/send-verification-otp", { email: "a@example.com" }), post("/email-otp/send-verification-otp", { email: "a@example.com", type: "x" }),
    post("/email-otp/send-verification-otp", { email: "none", type: "sign-in" }), post("/email-otp/send-verification-otp", { email: "a@example.com", type: "change-email" }), post("/email-otp/send-verification-otp", { email: "a@example.com", type: "sign-in" }),
    post("/email-otp/check-verification-otp", { email: "b@example.com", type: "sign-in", otp: "000000" }), post("/email-otp/verify-email", { email: "b@example.com", otp: "000000" }), post("/sign-in/email-otp", { email: "b@example.com", otp: "000000" }), post("/sign-in/email-otp", { email: "b@example.com" }),
    post("/email-otp/request-password-reset", { email: "b@example.com" }), post("/email-otp/reset-password", { email: "b@example.com", otp: "000000", password: "a new horse battery" }), post("/email-otp/reset-password", { email: "b@example.com", otp: "000000", password: "short" }),
  ],
  robin: [
    get("/get-session"), post("/get-session"), get("/list-sessions"), post("/revoke-session", {}), post("/revoke-session", { token: null }), post("/revoke-session", { token: 7 }), post("/revoke-session", { token: "unknown" }), post("/revoke-session"),
    post("/revoke-session", "x", { type: "text/plain" }), post("/revoke-other-sessions", {}), post("/update-user", { name: "Robin B." }), post("/update-user", { image: "https://example.com/r.png" }), post("/update-user", { image: null }), post("/update-user", {}),
    post("/update-user", { email: "x@example.com" }), post("/update-user", { unknown: 1 }), post("/update-user", { name: "x", callbackURL: "javascript:alert(1)" }), post("/update-user", { name: "x", newUserCallbackURL: "//evil.example" }), post("/update-user", { name: "x", errorCallbackURL: "/\\evil.example" }),
    post("/update-session", {}), post("/update-session", { unknown: 1 }), post("/change-password", {}), post("/change-password", { newPassword: "a new horse battery" }), post("/change-password", { newPassword: "short", currentPassword: "x" }),
    post("/change-password", { newPassword: "a new horse battery", currentPassword: "x" }), post("/verify-password", {}), post("/verify-password", { password: "x" }), post("/send-verification-email", { email: "other@example.com" }), post("/send-verification-email", { email: "robin@example.com" }),
    post("/change-email", {}), post("/change-email", { newEmail: "none" }), post("/change-email", { newEmail: "ROBIN@example.com" }), post("/change-email", { newEmail: "new@example.com" }), post("/change-email", { newEmail: "x@example.com", callbackURL: "https://evil.example" }),
    post("/email-otp/request-email-change", { newEmail: "x@example.com" }), post("/email-otp/change-email", { newEmail: "x@example.com", otp: "1" }),
    post("/revoke-other-sessions", {}, { headers: { origin: "" } }), post("/revoke-other-sessions", {}, { headers: { origin: "null" } }), post("/revoke-other-sessions", {}, { headers: { origin: "https://evil.example" } }), post("/none", {}, { headers: { origin: "https://evil.example" } }),
    post("/revoke-other-sessions", {}, { headers: { origin: "https://app.example.com" } }), post("/revoke-other-sessions", {}, { headers: { origin: "", referer: "https://app.example.com/x" } }),
    post("/revoke-sessions", {}), get("/get-session"),
  ],
  // What Polar's plugin refuses before it asks Polar.
  polly: [
    post("/checkout"), post("/checkout", "[]"), post("/checkout", "{"), post("/checkout", "null"), post("/checkout", "x", { type: "text/plain" }), get("/checkout"),
    post("/checkout", {}), post("/checkout", { slug: "none" }), post("/checkout", { slug: 7 }), post("/checkout", { slug: ["pro"] }), post("/checkout", { slug: null }),
    post("/checkout", { products: 7 }), post("/checkout", { products: [7] }), post("/checkout", { products: {} }), post("/checkout", { products: null }),
    post("/checkout", { slug: "none", referenceId: 7 }), post("/checkout", { slug: "none", referenceId: ["a"] }), post("/checkout", { slug: "none", discountId: {} }),
    post("/checkout", { slug: "none", successUrl: "nonsense" }), post("/checkout", { slug: "none", returnUrl: "a b" }), post("/checkout", { slug: "none", successUrl: ["/a"] }), post("/checkout", { slug: "none", successUrl: "/{CHECKOUT_ID}" }),
    post("/checkout", { slug: "none", embedOrigin: "app.example.com" }), post("/checkout", { slug: "none", embedOrigin: "" }), post("/checkout", { slug: "none", embedOrigin: 7 }),
    post("/checkout", { slug: "none", redirect: null, allowDiscountCodes: {} }), post("/checkout", { slug: "none", redirect: "false" }),
    post("/checkout", { slug: "none", metadata: [] }), post("/checkout", { slug: "none", metadata: "a" }), post("/checkout", { slug: "none", metadata: null }), post("/checkout", { slug: "none", metadata: { a: {} } }),
    post("/checkout", { slug: "none", metadata: { ["k".repeat(41)]: 1 } }), post("/checkout", { slug: "none", metadata: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, i])) }), post("/checkout", { slug: "none", metadata: { a: "x".repeat(501) } }),
    post("/checkout", { slug: "none", customFieldData: [] }), post("/checkout", { slug: "none", customFieldData: { a: null } }), post("/checkout", { slug: "none", unknown: 1, seats: 3 }),
    post("/checkout", { slug: 7, referenceId: 7, customFieldData: { a: null }, metadata: { a: {} }, embedOrigin: "x", successUrl: "x", returnUrl: "x" }),
    post("/customer/portal", { redirect: "x" }), post("/customer/portal", { redirect: null }), post("/customer/portal", "[]"), post("/customer/portal", "x", { type: "text/plain" }),
    get("/customer/benefits/list?page=x"), get("/customer/benefits/list?limit=NaN"), get("/customer/orders/list?page=1&page=2"), get("/customer/orders/list?page=x&limit=y"), get("/customer/orders/list?productBillingType=x"), get("/customer/orders/list?productBillingType="),
    get("/customer/orders/list?productBillingType=one_time&productBillingType=one_time"), get("/customer/subscriptions/list?referenceId=a&referenceId=b"), get("/usage/meters/list?limit=x"), post("/usage/meters/list", {}), post("/customer/state", {}),
    post("/usage/ingest"), post("/usage/ingest", {}), post("/usage/ingest", { event: "e" }), post("/usage/ingest", { metadata: {} }), post("/usage/ingest", { event: 7, metadata: {} }), post("/usage/ingest", { event: "e", metadata: [] }),
    post("/usage/ingest", { event: "file_uploaded", metadata: { a: null } }), post("/usage/ingest", { event: "file_uploaded", metadata: { a: {} } }), post("/usage/ingest", { event: "file_uploaded", metadata: { a: [1] } }),
  ],
  stranger: [
    get("/customer/portal"), post("/customer/portal", {}), get("/customer/state"), get("/customer/subscriptions/list"), get("/customer/orders/list"), get("/customer/benefits/list"), get("/usage/meters/list"), post("/usage/ingest", { event: "e", metadata: {} }),
    // Somebody who has not signed in is not told what else is wrong.
    get("/customer/orders/list?page=x", { instead: nobody }), post("/usage/ingest", {}, { instead: nobody }), post("/customer/portal", { redirect: 7 }, { instead: nobody }),
  ],
};

for (const [who, list] of Object.entries(rows)) {
  test(`${who}: the same answers as the original`, async (t) => {
    const email = ["nobody", "stranger"].includes(who) ? undefined : `${who}@example.com`;
    const [theirs, ours] = [await visitor(original.options.baseURL, email), await visitor(portal, email)];
    for (const row of list) {
      const told = `${row.method ?? "POST"} ${row.path} ${typeof row.body === "string" ? row.body : JSON.stringify(row.body)?.slice(0, 80)} ${Object.entries(row.headers ?? {})}`;
      await t.test(told, async () => {
        if (!email) { theirs.jar.clear(); ours.jar.clear(); }
        const [want, got] = [await send(theirs, row), await send(ours, row)];
        assert.deepEqual(got, { ...want, ...row.instead });
      });
    }
  });
}
