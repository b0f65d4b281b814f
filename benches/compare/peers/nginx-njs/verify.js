// WebCrypto of njs. `known` is preloaded; an imported key lives as long as a request, because an njs context does.
const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const EC = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

async function hook(request) {
  let valid = false;
  try {
    const kind = known.kind === "ES256" ? EC : RSA;
    const key = await crypto.subtle.importKey("spki", Buffer.from(known.spki, "base64"), kind, false, ["verify"]);
    const signature = Buffer.from(request.headersIn["x-signature"] || "", "base64");
    valid = await crypto.subtle.verify(kind, key, signature, request.requestBuffer);
  } catch (_) {
    valid = false;
  }
  request.return(valid ? 204 : 401);
}

export default { hook };
