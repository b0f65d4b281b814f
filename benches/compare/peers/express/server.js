// What most tutorials end at: Express, the raw body, and a verification by node:crypto; on every core.
import cluster from "node:cluster";
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import express from "express";

if (cluster.isPrimary) {
  for (let at = 0; at < availableParallelism(); at += 1) cluster.fork();
} else {
  const key = createPublicKey(readFileSync(process.env.KEY));
  const options = process.env.CHECK === "ES256" ? { key, dsaEncoding: "ieee-p1363" } : key;
  const app = express();
  app.post("/hook", express.raw({ type: "*/*", limit: "1mb" }), (request, response) => {
    const signature = Buffer.from(request.get("x-signature") ?? "", "base64");
    if (!request.get("x-request-id") || !verify("sha256", request.body, options, signature)) {
      response.sendStatus(401);
      return;
    }
    JSON.parse(request.body);
    response.sendStatus(204);
  });
  app.listen(Number(process.env.PORT), "127.0.0.1");
}
