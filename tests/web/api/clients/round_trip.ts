// What a program does with the types that openapi-typescript made, by openapi-fetch. It knows nothing else of Forbear.
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

type Schemas = components["schemas"];
const [, , what, ...given] = process.argv;

function sure<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}

async function go(address: string, token: string, file: string, danger: string): Promise<void> {
  const client = createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${token}` } });
  const form = new FormData();
  form.append("file", new Blob([readFileSync(file)]), "cases.csv");
  const batch = sure(await client.POST("/api/v1/batches", { body: form as never, bodySerializer: (it: unknown) => it as never }));

  const facts = { product: "credit_card", days_overdue: 100, hardship: "unemployment" } as const;
  const cases: Schemas["SubmittedCase"][] = Array.from({ length: 12 }, (_, n) => ({ ...facts, case_ref: `T-${n}` }));
  const listed = sure(await client.POST("/api/v1/batches", { body: { cases } }));
  for (const batch_id of [batch.id, listed.id]) {
    while (sure(await client.GET("/api/v1/batches/{batch_id}", { params: { path: { batch_id } } })).status !== "complete")
      await new Promise((resume) => setTimeout(resume, 200));
  }
  const at = { params: { path: { batch_id: batch.id }, query: { format: "json" as const } } };
  const lines = sure(await client.GET("/api/v1/batches/{batch_id}/results", at)) as Schemas["ResultLine"][];
  if (lines.length < 20 || lines[0].revision !== 1) throw new Error("results");
  const rejected = sure(await client.GET("/api/v1/batches/{batch_id}/rejects", at)) as Record<string, unknown>[];
  if (!rejected.length || !("error" in rejected[0])) throw new Error("rejects");

  const body: Schemas["SubmittedCase"] = { ...facts, case_ref: "T/甲" };
  sure(await client.POST("/api/v1/cases", { body, params: { query: { wait: 30 } } }));
  sure(await client.GET("/api/v1/cases/{ref}", { params: { path: { ref: "T/甲" } } }));

  const words = "The borrower would rather talk to the bank about instalments first.";
  const actions: [string, Schemas[
    "Accept" | "Override" | "Contact" | "Answer" | "Ask" | "Escalate" | "Snooze" | "Outcome" | "Resume" | "Document"
  ]][] = [
    ["T-0", { action: "accept", revision: 1, confirmed: true }],
    ["T-1", { action: "override", revision: 1, strategy: "mediation", reason: "borrower_wish", words }],
    [danger, { action: "contact", revision: 1, result: "no_answer" }],
    ["T-2", { action: "answer", revision: 1, facts: { income_monthly: 6500, legal_stage: null } }],
    ["T-3", { action: "ask", revision: 1, questions: ["income_monthly"] }],
    ["T-4", { action: "escalate", revision: 1, reason: "complex", words }],
    ["T-5", { action: "snooze", revision: 1, until: "2026-12-08", reason: "lender_answer" }],
    ["T-6", { action: "outcome", revision: 1, outcome: "lender_accepted" }],
    ["T-5", { action: "resume", revision: 2 }],
    ["T-7", { action: "document", revision: 1, have: ["income_proof"] }],
  ];
  for (const [ref, body] of actions)
    sure(await client.POST("/api/v1/cases/{ref}/reviews", { params: { path: { ref } }, body }));
  sure(await client.POST("/api/v1/cases/{ref}/withdraw", { params: { path: { ref: "T-8" } }, body: { why: "mistake" } }));

  let moved = 0;
  for (let updated_after = "0", last = false; !last; ) {
    const page = sure(await client.GET("/api/v1/cases", { params: { query: { updated_after, limit: 100 } } }));
    moved += page.cases.length;
    [updated_after, last] = [page.next ?? updated_after, page.last];
  }
  if (moved < lines.length + 13) throw new Error(`moved ${moved}`);
  const hook = sure(await client.POST("/api/v1/webhooks", { body: { url: "https://example.com/hook" } }));
  sure(await client.POST("/api/v1/webhooks/{webhook_id}/ping", { params: { path: { webhook_id: hook.id } } }));
  console.log(JSON.stringify([hook.secret]));
}

function verify(secret: string, header: string, file: string): void {
  const body = readFileSync(file);
  const [stamp, ...signatures] = header.split(",").map((part) => part.slice(part.indexOf("=") + 1));
  const expected = createHmac("sha256", secret).update(`${stamp}.`).update(body).digest();
  if (!signatures.some((each) => timingSafeEqual(Buffer.from(each, "hex"), expected))) throw new Error("signature");
  const sent = JSON.parse(body.toString()) as Schemas["PingSent"];
  if (sent.data.webhook_id !== 1) throw new Error("ping");
}

if (what === "go") await go(given[0], given[1], given[2], given[3]);
else verify(given[0], given[1], given[2]);
