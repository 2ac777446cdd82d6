"""Pushes over HTTP/2 by Python's own ssl and by h2: a client that shares no line with ours.

Reads JSON from its input: {"host", "port", "ca", "certificate", "key", "requests": [{"method", "path", "headers",
"body"}]}; certificate and key may be null. All requests go over one connection. Writes a JSON list of {"status",
"headers", "body"}, or {"reset": code} for a stream that was reset.
"""

import json
import socket
import ssl
import sys

import h2.config
import h2.connection
import h2.events

plan = json.load(sys.stdin)
context = ssl.create_default_context(cafile=plan["ca"])
context.set_alpn_protocols(["h2"])
if plan["certificate"]:
    context.load_cert_chain(plan["certificate"], plan["key"])

raw = socket.create_connection((plan["host"], plan["port"]), timeout=20)
tls = context.wrap_socket(raw, server_hostname=plan["host"])
assert tls.selected_alpn_protocol() == "h2"

connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
connection.initiate_connection()

answers = {}
streams = []
for request in plan["requests"]:
    stream = connection.get_next_available_stream_id()
    streams.append(stream)
    answers[stream] = {"status": 0, "headers": {}, "body": "", "ended": False}
    headers = [
        (":method", request["method"]),
        (":path", request["path"]),
        (":scheme", "https"),
        (":authority", f"{plan['host']}:{plan['port']}"),
        *[(name, value) for name, value in request["headers"]],
    ]
    body = request["body"].encode()
    connection.send_headers(stream, headers, end_stream=not body)
    if body:
        connection.send_data(stream, body, end_stream=True)
tls.sendall(connection.data_to_send())

while not all(answer["ended"] for answer in answers.values()):
    data = tls.recv(65536)
    if not data:
        break
    for event in connection.receive_data(data):
        stream = getattr(event, "stream_id", None)
        if isinstance(event, h2.events.ResponseReceived):
            headers = dict(event.headers)
            answers[stream]["status"] = int(headers.pop(":status"))
            answers[stream]["headers"] = headers
        elif isinstance(event, h2.events.DataReceived):
            answers[stream]["body"] += event.data.decode()
            connection.acknowledge_received_data(event.flow_controlled_length, stream)
        elif isinstance(event, h2.events.StreamEnded):
            answers[stream]["ended"] = True
        elif isinstance(event, h2.events.StreamReset):
            answers[stream] = {"reset": event.error_code, "ended": True}
    tls.sendall(connection.data_to_send())

json.dump([{k: v for k, v in answers[s].items() if k != "ended"} for s in streams], sys.stdout)
