"""A whole client of the API, with nothing but Python: hand in a file, wait, take the results, follow, hear of changes.

python samples/client.py cases.csv            hand in, wait, write results.jsonl and rejects.csv, say what moved
python samples/client.py --listen 8080        print what a webhook is sent here (behind https), once it is proved ours

FORBEAR (https://forbear.example/api/v1), TOKEN, and for --listen SECRET, come from the environment.
"""

# ruff: noqa: S310, T201
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


def call(method, path, body=None, **headers):
    """One request, sent again when the server is busy or away. Answers its headers and its content."""
    request = urllib.request.Request(os.environ["FORBEAR"] + path, body, method=method)
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}", "Accept-Language": "en", **headers}
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    for _ in range(10):
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise SystemExit(f"{error.code}: {json.load(error)}") from None
            time.sleep(int(error.headers.get("Retry-After", 2)))
    raise SystemExit("The server is busy: try again later.")


def hand_in(file):
    """A file as a batch; sent again, it is the same one."""
    content = file.read_bytes()
    key = f"{file.name.encode().hex()[:60]}-{hashlib.sha256(content).hexdigest()}"
    kind = {".csv": "text/csv", ".jsonl": "application/jsonl", ".json": "application/json"}[file.suffix]
    headers, _ = call("POST", "/batches", content, Content_Type=kind, Idempotency_Key=key)
    return headers["Location"].removeprefix("/api/v1")


def wait_for(batch):
    """Ask until everything in a batch is decided."""
    while True:
        found = json.loads(call("GET", batch)[1])
        if found["status"] == "complete":
            return found
        time.sleep(1)


def moved(after):
    """The cases that moved since, each as it is now, and where to go on tomorrow."""
    cases = {}
    while True:
        page = json.loads(call("GET", f"/cases?updated_after={after}")[1])
        cases |= {(case["submitter"], case["case_ref"]): case for case in page["cases"]}
        after = page["next"]
        if page["last"]:
            return cases, after


def is_ours(header, body):
    """Whether what a webhook was sent is Forbear's, and of the last five minutes."""
    stamp, *signatures = (part.split("=", 1)[1] for part in header.split(","))
    expected = hmac.new(os.environ["SECRET"].encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(each, expected) for each in signatures) and abs(time.time() - int(stamp)) < 300


class Receiver(BaseHTTPRequestHandler):
    """Takes what webhooks are sent. The work is done afterwards: the answer has to come within ten seconds."""

    def do_POST(self):
        """One message."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        ours = is_ours(self.headers.get("Forbear-Signature", "t=0"), body)
        self.send_response(204 if ours else 403)
        self.end_headers()
        if ours:
            print(body.decode(), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--listen":
        HTTPServer(("127.0.0.1", int(sys.argv[2])), Receiver).serve_forever()
    batch = hand_in(Path(sys.argv[1]))
    done = wait_for(batch)
    Path("results.jsonl").write_bytes(call("GET", f"{batch}/results")[1])
    Path("rejects.csv").write_bytes(call("GET", f"{batch}/rejects?format=csv")[1])
    cases, after = moved(0)
    print(f"{done['decided']} decided, {done['rejected']} rejected, {len(cases)} moved; go on after {after}.")
