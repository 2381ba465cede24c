"""A server of one tool that takes a while until it answers: ``python sources_server.py SECONDS``."""

import json
import sys
import time

time.sleep(float(sys.argv[1]))
for line in sys.stdin:
    message = json.loads(line)
    match message.get("method"):
        case "initialize":
            version = message["params"]["protocolVersion"]
            told = {
                "protocolVersion": version,
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "s", "version": "1"},
            }
        case "tools/list":
            told = {"tools": [{"name": "wait", "inputSchema": {"type": "object"}}]}
        case _:
            told = {}
    if "id" in message:
        answer = {"result": told} if told else {"error": {"code": -32601, "message": "no such method"}}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer}), flush=True)
