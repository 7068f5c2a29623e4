"""An RSE client as its users write them: one connection, one cursor, http.client and json."""

import http.client
import json
import sys
import uuid

host, port, token = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def headers():
    return {
        "User-Agent": f"sample/1.0 uuid/{uuid.uuid4()}",
        "X-Auth-Token": token,
        "X-RSE-Version": "2012-04-16",
        "Accept": "application/json",
    }


publisher, reader = headers(), headers()
connection = http.client.HTTPConnection(host, port, timeout=30)
connection.connect()
socket = connection.sock


def request(method, path, body=None, agent=None):
    connection.request(method, path, body=body, headers=agent)
    response = connection.getresponse()
    return response.status, response.read()


seen, cursor = [], 0
for number in range(100):
    status, body = request("POST", "/rse/jobs/eu", json.dumps({"Event": "Job", "Data": number}), publisher)
    assert (status, body) == (201, b""), (status, body)
    if number % 3 == 0:
        continue
    status, body = request("GET", f"/rse/jobs/eu?events=parent&last-known-id={cursor}", None, reader)
    assert status == 200, status
    events = json.loads(body)["events"]
    cursor = events[-1]["id"]
    seen += [event["data"]["Data"] for event in events]

while True:
    status, body = request("GET", f"/rse/jobs/eu?events=parent&last-known-id={cursor}", None, reader)
    if status == 204:
        break
    events = json.loads(body)["events"]
    cursor = events[-1]["id"]
    seen += [event["data"]["Data"] for event in events]

assert request("GET", "/rse/jobs/eu", None, publisher) == (204, b"")
assert seen == list(range(100)), seen
assert connection.sock is socket
print(f"{len(seen)} events, in order, over one connection")
