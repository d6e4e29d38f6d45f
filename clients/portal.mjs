// The portal under test as a Better Auth server, and browsers that use it with the unmodified clients. Each
// browser has a network address of its own, which the portal takes from a proxy that it trusts.
import assert from "node:assert/strict";
import { polarClient } from "@polar-sh/better-auth/client";
import { createAuthClient } from "better-auth/client";
import { emailOTPClient, magicLinkClient, twoFactorClient } from "better-auth/client/plugins";

export const portal = process.env.PORTAL_URL;
export const mailbox = process.env.TWIN_URL;

let browsers = 0;

// browser is a visitor: cookies, an origin, and Better Auth's client with the plugins' clients.
export function browser({ at = portal, origin = portal } = {}) {
  const jar = new Map();
  const seen = [];
  const from = `198.51.${Math.floor(++browsers / 250)}.${browsers % 250}`;
  const call = async (input, init) => {
    const headers = new Headers(init?.headers);
    if (!headers.has("origin")) headers.set("origin", origin);
    if (!headers.get("origin")) headers.delete("origin");
    headers.set("x-forwarded-for", from);
    headers.set("user-agent", "a browser of the stories");
    if (jar.size) headers.set("cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
    const res = await fetch(input, { redirect: "manual", ...init, headers });
    for (const line of res.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/max-age=0/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    seen.push({ method: init?.method ?? "GET", path: new URL(input).pathname, status: res.status, headers: res.headers, cookies: res.headers.getSetCookie() });
    return res;
  };
  const client = createAuthClient({
    baseURL: at, plugins: [polarClient(), emailOTPClient(), magicLinkClient(), twoFactorClient()], fetchOptions: { customFetchImpl: call },
  });
  return {
    client, jar, seen,
    last: () => seen.at(-1),
    // raw sends what no client would.
    raw: (path, init) => call(`${at}/api/auth${path}`, init),
    post: (path, body, headers) => call(`${at}/api/auth${path}`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: body === undefined ? undefined : JSON.stringify(body) }),
    page: (path, init) => call(new URL(path, at), init),
    form: (path, fields) => call(new URL(path, at), { method: "POST", body: new URLSearchParams(fields) }),
  };
}

// good is the data of an answer that must have no error.
export async function good(answer) {
  const { data, error } = await answer;
  assert.equal(error, null, JSON.stringify(error));
  return data;
}

// refused checks an answer's error; undefined means that it has no code.
export async function refused(answer, status, code, message) {
  const { data, error } = await answer;
  assert.equal(data, null, JSON.stringify(data));
  assert.equal(error.status, status, JSON.stringify(error));
  assert.equal(error.code, code, JSON.stringify(error));
  if (message) assert.match(error.message, message);
}

// mails are all mails to an address so far, newest first.
const mails = async (address) => (await (await fetch(`${mailbox}/_twin/mail.json?to=${encodeURIComponent(address)}`)).json()).items;

// count is how many mails an address has got so far.
export const count = async (address) => (await mails(address)).length;

// until asks again and again until the answer will do, and returns it.
export async function until(what, ask, done) {
  let last;
  for (const end = Date.now() + 120_000; Date.now() < end;) {
    last = await ask();
    if (done(last)) return last;
    await new Promise((again) => setTimeout(again, 25));
  }
  throw new Error(`waited in vain: ${what}; last came ${JSON.stringify(last)}`);
}

// found is the first match in the newest mail that has one, among those that came after the first ones.
export async function found(pattern, address, before = 0) {
  const matches = (items) => items.slice(0, items.length - before).map(({ text }) => pattern.exec(text)).filter(Boolean);
  return matches(await until(`a mail to ${address} with ${pattern}`, () => mails(address), (items) => matches(items).length > 0))[0][0];
}

// code is the code in the newest mail to an address that has one.
export const code = (address, before) => found(/\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/, address, before);

// enter signs a browser in by an e-mailed code.
export async function enter(who, email, more = {}) {
  const before = await count(email);
  await good(who.client.emailOtp.sendVerificationOtp({ email, type: "sign-in" }));
  return good(who.client.signIn.emailOtp({ email, otp: await code(email, before), ...more }));
}
