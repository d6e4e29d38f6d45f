// The second step of a sign-in, through the unmodified client of the twoFactor plugin. It is set up on the portal's page.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { before, test } from "node:test";
import { browser, code, count, enter, good, refused } from "./portal.mjs";

const email = "second@example.com";
let secret, recovery;

// totp is the code of an authenticator app (RFC 6238), of now or of some steps of 30 seconds later. The portal takes
// the one before and the one after as well, and none twice.
function totp(later) {
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const sum = createHmac("sha1", key).update(counter).digest();
  return String((sum.readUInt32BE(sum[19] & 15) & 0x7fffffff) % 1e6).padStart(6, "0");
}

before(async () => {
  const b = browser();
  await enter(b, email);
  await b.form("/account/authenticator", {});
  const page = await (await b.page("/account/authenticator")).text();
  secret = /id="totp-secret">([A-Z2-7 ]+)</.exec(page)[1].replaceAll(" ", "");
  const done = await (await b.form("/account/authenticator/confirm", { code: totp(0) })).text();
  recovery = done.match(/\b[0-9A-Z]{6}(-[0-9A-Z]{6}){3}\b/g);
  assert.ok(recovery?.length >= 8, done);
});

async function halfway() {
  const b = browser(), sent = await count(email);
  await good(b.client.emailOtp.sendVerificationOtp({ email, type: "sign-in" }));
  const data = await good(b.client.signIn.emailOtp({ email, otp: await code(email, sent) }));
  assert.deepEqual(data, { twoFactorRedirect: true, twoFactorMethods: ["totp"] });
  assert.equal(await good(b.client.getSession()), null);
  return b;
}

test("a code of the authenticator ends the sign-in", async () => {
  const b = await halfway();
  await refused(b.client.twoFactor.verifyTotp({ code: "000000" }), 401, "INVALID_CODE");
  await refused(browser().client.twoFactor.verifyTotp({ code: "000000" }), 401, "INVALID_TWO_FACTOR_COOKIE");
  const { token, user } = await good(b.client.twoFactor.verifyTotp({ code: totp(1), trustDevice: true }));
  assert.equal(user.email, email);
  assert.equal((await good(b.client.getSession())).session.token, token);
});

test("so does a recovery code, once", async () => {
  await good((await halfway()).client.twoFactor.verifyBackupCode({ code: recovery[0] }));
  await refused((await halfway()).client.twoFactor.verifyBackupCode({ code: recovery[0] }), 401, "INVALID_BACKUP_CODE");
});
