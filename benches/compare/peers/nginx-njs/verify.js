// WebCrypto of njs. A key lives as long as a request, because an njs context does.
const fs = require("fs");

const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const EC = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const kind = process.env.CHECK === "ES256" ? EC : RSA;
const pem = fs.readFileSync(process.env.KEY, "utf8");
const spki = Buffer.from(pem.split("\n").filter((line) => !line.startsWith("-")).join(""), "base64");

async function hook(request) {
  let valid = false;
  try {
    const key = await crypto.subtle.importKey("spki", spki, kind, false, ["verify"]);
    const signature = Buffer.from(request.headersIn["x-signature"] || "", "base64");
    valid = await crypto.subtle.verify(kind, key, signature, request.requestBuffer);
  } catch (_) {
    valid = false;
  }
  request.return(valid ? 204 : 401);
}

export default { hook };
