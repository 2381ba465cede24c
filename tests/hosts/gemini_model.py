"""A model behind the Gemini API that does what it is told: search, call what it knows, and repeat what came back."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STEPS: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("search_tools", {"query": "what time is it in Tokyo"}),
    ("call_tool", {"name": "time__get_current_time", "arguments": {"timezone": "Asia/Tokyo"}}),
)


class GeminiModel:
    """What it was asked, and where it is."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.returned: list[Any] = []
        """What the host passed on of each result, with the last request."""
        self.tools: list[str] = []
        """The tools that it was given last."""

    def answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Return the part of a message that comes next."""
        tools = [each["name"] for group in asked.get("tools", []) for each in group.get("functionDeclarations", [])]
        if not any(name.endswith("search_tools") for name in tools):
            return {"text": "{}"}  # asked beside the conversation, such as which model to take
        parts = [part for content in asked.get("contents", []) for part in content.get("parts", [])]
        self.tools, self.returned = tools, [part["functionResponse"] for part in parts if "functionResponse" in part]
        if len(self.returned) == len(STEPS):
            return {"text": f"done: {json.dumps(self.returned[-1])}"}
        name, arguments = STEPS[len(self.returned)]
        return {"functionCall": {"name": next(each for each in tools if each.endswith(name)), "args": arguments}}


@contextmanager
def gemini_model() -> Generator[GeminiModel]:
    """Serve the API on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    _Handler.model = model = GeminiModel(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    model: GeminiModel

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        content = {"role": "model", "parts": [self.model.answer(asked)]}
        usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
        said = {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}], "usageMetadata": usage}
        is_stream = "alt=sse" in self.path
        body = f"data: {json.dumps(said)}\r\n\r\n" if is_stream else json.dumps(said)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if is_stream else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class calls it so
        """Say nothing."""
