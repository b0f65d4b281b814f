// GitHub's own receiver, as its README shows it, on every core.
import cluster from "node:cluster";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { availableParallelism } from "node:os";
import { createNodeMiddleware, Webhooks } from "@octokit/webhooks";

if (cluster.isPrimary) {
  for (let at = 0; at < availableParallelism(); at += 1) cluster.fork();
} else {
  const webhooks = new Webhooks({ secret: readFileSync(process.env.KEY, "utf8") });
  webhooks.on("push", () => {});
  createServer(createNodeMiddleware(webhooks, { path: "/hook" })).listen(Number(process.env.PORT), "127.0.0.1");
}
